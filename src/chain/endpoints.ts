/**
 * The nodes that we may use, in the operator's order, and when each may be tried again: one that fails waits, longer each time and
 * by chance a little more or less, so that a thousand clients of a node that comes back do not come back together.
 */
import { assert } from "../base/assert.ts";
import type { Random } from "../base/random.ts";
import { shownUrl } from "./networks.ts";

export interface Endpoint {
  /** For people; see `shownUrl`. */
  readonly url: string;
  /** To connect to. */
  readonly address: string;
  readonly rank: number;
}

interface Standing {
  failureCount: number;
  notBeforeMs: number;
  isOtherChain: boolean;
}

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 10_000;
/** An endpoint of another chain is asked again only where no other is left. */
const OTHER_CHAIN_RETRY_MS = 10_000;

export class Endpoints {
  readonly all: readonly Endpoint[];
  readonly #standings: Standing[];
  readonly #random: Random;

  constructor(urls: readonly string[], random: Random) {
    assert(urls.length > 0, "an endpoint at least");
    this.all = [...new Set(urls)].map((address, rank) => ({ url: shownUrl(address), address, rank }));
    this.#standings = this.all.map(() => ({ failureCount: 0, notBeforeMs: -Infinity, isOtherChain: false }));
    this.#random = random;
  }

  /** In order: what may be tried now. */
  due(nowMs: number): Endpoint[] {
    return this.usable().filter(({ rank }) => this.#standings[rank].notBeforeMs <= nowMs);
  }

  /** Until one is due; 0 when one is. */
  waitMs(nowMs: number): number {
    return Math.max(
      0,
      Math.min(...this.usable().map(({ rank }) => this.#standings[rank].notBeforeMs)) - nowMs,
    );
  }

  failed({ rank }: Endpoint, nowMs: number): void {
    const standing = this.#standings[rank];
    const pauseMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(standing.failureCount++, 10));
    standing.notBeforeMs = nowMs + pauseMs * (0.5 + this.#random.nextFloat());
  }

  /** It served well: the next failure is its first. */
  proved({ rank }: Endpoint): void {
    this.#standings[rank].failureCount = 0;
    this.#standings[rank].isOtherChain = false;
  }

  /** @returns whether that is news */
  leaveOut({ rank }: Endpoint, nowMs: number): boolean {
    const standing = this.#standings[rank];
    const isNews = !standing.isOtherChain;
    standing.isOtherChain = true;
    standing.notBeforeMs = nowMs + OTHER_CHAIN_RETRY_MS;
    return isNews;
  }

  /** Those of another chain count only while there are no others. */
  usable(): Endpoint[] {
    const ours = this.all.filter(({ rank }) => !this.#standings[rank].isOtherChain);
    return ours.length > 0 ? ours : [...this.all];
  }
}

/**
 * Which node to use: the first in the operator's order that can be reached, serves the chain that we know, and keeps up with the
 * height that we have seen. A node that is behind is better than none; one of another chain is not.
 */
import type { Clock } from "../base/clock.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type Candidate, openCandidate } from "./candidate.ts";
import { EndpointHeights } from "./endpoint_heights.ts";
import type { Endpoint, Endpoints } from "./endpoints.ts";
import type { OpenSocket } from "./link.ts";

export interface ChoiceOptions {
  /** For a socket to open. */
  readonly openTimeoutMs: number;
  /** For what a node says of itself first. */
  readonly greetingTimeoutMs: number;
  readonly replyTimeoutMs: number;
}

/** A minute of the main network: less is the chance of who hears of a block first. */
export const LAG_BLOCKS = 5;

export class EndpointChoice {
  readonly endpoints: Endpoints;
  readonly #options: ChoiceOptions;
  readonly #deps: { clock: Clock; log: Log; openSocket: OpenSocket };
  #genesisHash: string | undefined;
  readonly #heights = new EndpointHeights();
  #lastFailure: unknown;
  readonly #failures = new Map<string, unknown>();

  constructor(
    endpoints: Endpoints,
    options: ChoiceOptions,
    deps: { clock: Clock; log: Log; openSocket: OpenSocket },
  ) {
    this.endpoints = endpoints;
    this.#options = options;
    this.#deps = deps;
  }

  /** Why the last attempt came to nothing. */
  get lastFailure(): unknown {
    return this.#lastFailure;
  }

  /** Of each endpoint that has failed, its last, by url. */
  get failures(): ReadonlyMap<string, unknown> {
    return this.#failures;
  }

  /** How high the chain is, by what the nodes have told lately. */
  get heightSeen(): number {
    return this.#heights.reference(this.#deps.clock.monotonicMs());
  }

  see(endpoint: Endpoint, headNumber: number): void {
    this.#heights.see(endpoint, headNumber, this.#deps.clock.monotonicMs());
  }

  /**
   * Tries each endpoint that is due, once, and the others, too, before one that is behind is put up with.
   * @returns undefined when none can be used now
   */
  async choose(signal: AbortSignal): Promise<Candidate | undefined> {
    let behind: Candidate | undefined;
    const due = this.endpoints.due(this.#deps.clock.monotonicMs());
    const later = this.endpoints.usable().filter((endpoint) => !due.includes(endpoint));
    for (const endpoint of [...due, ...later]) {
      if (signal.aborted || (behind === undefined && later.includes(endpoint))) break;
      const candidate = await this.#open(endpoint);
      if (candidate === undefined) continue;
      if (behind !== undefined && !this.isBehind(behind)) { // by what this one tells, another told too much
        candidate.link.drop("another node is used");
        return this.#adopt(behind);
      }
      if (!this.isBehind(candidate)) {
        behind?.link.drop("another node is used");
        return this.#adopt(candidate);
      }
      if (this.endpoints.all.length > 1) this.#tellBehind(candidate);
      if (behind === undefined || behind.headNumber < candidate.headNumber) {
        behind?.link.drop("another node is used");
        behind = candidate;
      } else candidate.link.drop("another node is used");
    }
    return behind && this.#adopt(behind);
  }

  /** Looks among other endpoints than the one in use, whose failures then count for nothing. */
  async findBetter(
    endpoints: readonly Endpoint[],
    isBetter: (candidate: Candidate) => boolean,
    signal: AbortSignal,
  ): Promise<Candidate | undefined> {
    for (const endpoint of endpoints) {
      if (signal.aborted) return undefined;
      const candidate = await this.#open(endpoint);
      if (candidate === undefined) continue;
      if (!signal.aborted && isBetter(candidate)) return this.#adopt(candidate);
      candidate.link.drop("it is no better");
    }
  }

  isBehind({ headNumber, isSyncing }: Candidate): boolean {
    return isSyncing || headNumber < this.heightSeen - LAG_BLOCKS;
  }

  /** For a link that has ended. */
  lost(endpoint: Endpoint, reason: unknown): void {
    this.#lastFailure = reason;
    this.endpoints.failed(endpoint, this.#deps.clock.monotonicMs());
  }

  async #open(endpoint: Endpoint): Promise<Candidate | undefined> {
    const { clock, log } = this.#deps;
    try {
      const options = { ...this.#options, genesisHash: this.#genesisHash };
      const candidate = await openCandidate(endpoint, options, this.#deps);
      this.see(endpoint, candidate.headNumber);
      return candidate;
    } catch (error) {
      this.#lastFailure = error;
      this.#failures.set(endpoint.url, error);
      if (!isSkeinError(error, "chain/other-chain")) this.endpoints.failed(endpoint, clock.monotonicMs());
      else if (this.endpoints.leaveOut(endpoint, clock.monotonicMs())) log.warn(describeError(error));
      return undefined;
    }
  }

  #adopt(candidate: Candidate): Candidate {
    this.#genesisHash ??= candidate.genesisHash;
    return candidate;
  }

  #tellBehind({ endpoint, headNumber, isSyncing }: Candidate): void {
    this.#deps.log.info(
      `chain: ${endpoint.url} is behind: its head is ${headNumber}, ${this.heightSeen} was seen` +
        (isSyncing ? ", and it is still syncing" : ""),
    );
  }
}

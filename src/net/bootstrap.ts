/**
 * The way into the network. Relays are each kept connected. Of the bootstrap addresses one is enough: all are dialed at
 * once and the first that answers ends the round, so dead ones cost nothing. When none answers that is told once, and
 * tried again with doubling pauses, as it is when everybody is gone later.
 */
import type { Clock } from "../base/clock.ts";
import { describeError, type SkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { peerIdOf } from "./addresses.ts";
import { netError } from "./errors.ts";
import { Redial } from "./redial.ts";

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;
const CHECK_MS = 1000;
const MAX_TOLD_CHARS = 400;

export interface BootstrapDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Connects; whoever answers there need not be a member. */
  join(addr: string, signal?: AbortSignal): Promise<void>;
  isConnected(peerId: string): boolean;
  /** Whether anybody at all is connected. */
  isAlone(): boolean;
}

export class Bootstrap {
  readonly #deps: BootstrapDependencies;
  readonly #addrs: readonly string[];
  readonly #relays: Redial;
  #isStopped = false;
  #pauseMs = FIRST_PAUSE_MS;
  #hasToldDead = false;
  #cancelTimer = () => {};
  readonly #ending = new AbortController();

  constructor(
    options: { relays: readonly string[]; bootstrap: readonly string[] },
    deps: BootstrapDependencies,
  ) {
    this.#deps = deps;
    this.#addrs = [...options.bootstrap, ...options.relays];
    this.#relays = new Redial({
      clock: deps.clock,
      isConnected: (addr) => deps.isConnected(peerIdOf(addr)!),
      dial: async (addr) => {
        await deps.join(addr);
        return addr;
      },
    });
    this.#relays.setTargets(new Map(options.relays.map((addr) => [addr, [addr]])));
  }

  /**
   * Resolves with the first address that answered, or undefined when none is configured; goes on trying either way.
   * @throws {SkeinError} `net/bootstrap-unreachable` when none answers at first
   */
  async start(): Promise<string | undefined> {
    if (this.#addrs.length === 0) return undefined;
    try {
      return await this.#round();
    } catch (error) {
      this.#hasToldDead = true; // by whoever catches it
      throw error;
    } finally {
      this.#checkAfter(this.#pauseMs);
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#ending.abort(new DOMException("stopped", "AbortError"));
    this.#relays.stop();
    this.#cancelTimer();
  }

  async #round(): Promise<string> {
    const found = new AbortController();
    const signal = AbortSignal.any([found.signal, this.#ending.signal]);
    try {
      const addr = await Promise.any(
        this.#addrs.map((addr) => this.#deps.join(addr, signal).then(() => addr)),
      );
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#hasToldDead = false;
      return addr;
    } catch (error) {
      this.#pauseMs = Math.min(2 * this.#pauseMs, MAX_PAUSE_MS);
      throw unreachable(this.#addrs, (error as AggregateError).errors);
    } finally {
      found.abort(new DOMException("another address answered first", "AbortError"));
    }
  }

  #checkAfter(delayMs: number): void {
    if (!this.#isStopped) this.#cancelTimer = this.#deps.clock.after(delayMs, () => void this.#check());
  }

  async #check(): Promise<void> {
    if (!this.#deps.isAlone()) return this.#checkAfter(CHECK_MS);
    const failure = await this.#round().then(() => undefined, (error: SkeinError) => error);
    if (failure !== undefined && !this.#hasToldDead && !this.#isStopped) {
      this.#hasToldDead = true;
      this.#deps.log.warn(describeError(failure), { code: failure.code });
    }
    this.#checkAfter(failure === undefined ? CHECK_MS : this.#pauseMs);
  }
}

function unreachable(addrs: readonly string[], errors: readonly unknown[]): SkeinError {
  const reasons = addrs.map((addr, i) => `${addr} (${describeError(errors[i])})`).join("; ");
  return netError(
    "net/bootstrap-unreachable",
    `join the network: none of ${addrs.length} addresses answered, one is required, check that they are right, that ` +
      `a node runs there and that a firewall lets you out; trying again: ${reasons.slice(0, MAX_TOLD_CHARS)}`,
    { addrs },
  );
}

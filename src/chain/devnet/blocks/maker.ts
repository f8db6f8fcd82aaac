/**
 * When blocks are made: at a fixed interval, or on demand, as soon as a transaction waits for one; in both ways also when
 * a client asks for it. A block that cannot be made leaves its transactions in the pool, and is tried again.
 */
import type { Clock } from "../../../base/clock.ts";
import { describeError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import type { TransactionPool } from "../pool/pool.ts";
import { Overlay } from "../pallets/overlay.ts";
import { Now } from "../pallets/timestamp.ts";
import { TypedState } from "../pallets/typed_state.ts";
import { makeBlock } from "./author.ts";
import type { Block } from "./block.ts";
import type { Chain } from "./chain.ts";

export type Production = "interval" | "on-demand";

/** Blocks are final at once; those who wait for a transaction hear of it a little after they hear of the block. */
const MAX_FINALITY_DELAY_MS = 200;
/** What is sent in a burst shares a block. */
const BATCH_MS = 10;
const RETRY_MS = 1000;

export interface MakerOptions {
  readonly production: Production;
  readonly blockMs: number;
}

export class BlockMaker {
  readonly #chain: Chain;
  readonly #pool: TransactionPool;
  readonly #options: MakerOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Of the next block that is due; undefined for none. */
  #cancelNext: (() => void) | undefined;
  /** What is still to be told, by how to cancel it. */
  readonly #untold = new Map<() => void, () => void>();

  constructor(
    options: MakerOptions,
    deps: { chain: Chain; pool: TransactionPool; clock: Clock; log: Log },
  ) {
    this.#options = options;
    this.#chain = deps.chain;
    this.#pool = deps.pool;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  start(): void {
    if (this.#options.production === "on-demand") this.#pool.onReady(() => this.#makeSoon(BATCH_MS));
    else this.#makeEvery(this.#options.blockMs);
  }

  /** What waits for finality is told that it is final: it is. */
  stop(): void {
    this.#cancelNext?.();
    this.#pool.onReady(() => {});
    for (const [cancel, tell] of this.#untold) {
      cancel();
      tell();
    }
    this.#untold.clear();
  }

  /** The next block, now. @throws {SkeinError} `devnet/store-io`; the chain and the pool are then as before */
  make(): Block {
    const startMs = this.#clock.monotonicMs();
    const made = makeBlock(this.#chain, this.#pool.takeReady(), this.#nextTimeMs(), this.#log);
    this.#chain.append(made.block, made.changes);
    this.#tellLater(this.#pool.settle(made.block, made.included, made.invalid));
    if (made.included.length > 0) {
      this.#log.emit({
        event: "block",
        number: made.block.header.number,
        hash: made.block.hash,
        transactions: made.included.length,
        milliseconds: Math.round(this.#clock.monotonicMs() - startMs),
      });
    }
    return made.block;
  }

  #nextTimeMs(): number {
    if (!this.#chain.hasSteadyTime) return this.#clock.nowMs();
    const parentMs = new TypedState(new Overlay(this.#chain)).get(Now);
    return Number(parentMs) + this.#options.blockMs;
  }

  /** Without drift; late ones are made up for by none. */
  #makeEvery(blockMs: number): void {
    let dueMs = this.#clock.monotonicMs() + blockMs;
    const tick = () => {
      this.#attempt();
      const nowMs = this.#clock.monotonicMs();
      dueMs = Math.max(dueMs + blockMs, nowMs);
      this.#cancelNext = this.#clock.after(dueMs - nowMs, tick);
    };
    this.#cancelNext = this.#clock.after(blockMs, tick);
  }

  #makeSoon(delayMs: number): void {
    this.#cancelNext ??= this.#clock.after(delayMs, () => {
      this.#cancelNext = undefined;
      if (!this.#pool.hasReady) return;
      const isMade = this.#attempt();
      if (this.#pool.hasReady) this.#makeSoon(isMade ? BATCH_MS : RETRY_MS);
    });
  }

  #attempt(): boolean {
    try {
      this.make();
      return true;
    } catch (error) {
      this.#log.warn(`make block ${this.#chain.head.header.number + 1}: ${describeError(error)}`);
      return false;
    }
  }

  #tellLater(tell: () => void): void {
    const delayMs = Math.min(MAX_FINALITY_DELAY_MS, this.#options.blockMs / 2);
    const cancel = this.#clock.after(delayMs, () => {
      this.#untold.delete(cancel);
      tell();
    });
    this.#untold.set(cancel, tell);
  }
}

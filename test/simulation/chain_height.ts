/** The block height that each node sees: one chain that may stall, and nodes that may lag a few blocks behind it. */
import type { Clock } from "../../src/base/clock.ts";
import type { Hotkey } from "../../src/base/transport.ts";

export const BLOCK_MS = 1000;

export class ChainHeight {
  #clock: Clock;
  #stallCount = 0;
  #stalledSinceMs = 0;
  #lostMs = 0;
  #lagBlocks = new Map<Hotkey, number>();
  #seen = new Map<Hotkey, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** No new block until `resume`; stalls add up. */
  stall(): void {
    if (this.#stallCount++ === 0) this.#stalledSinceMs = this.#clock.monotonicMs();
  }

  resume(): void {
    if (this.#stallCount === 0 || --this.#stallCount > 0) return;
    this.#lostMs += this.#clock.monotonicMs() - this.#stalledSinceMs;
  }

  setLag(hotkey: Hotkey, blocks: number): void {
    this.#lagBlocks.set(hotkey, blocks);
  }

  heal(): void {
    while (this.#stallCount > 0) this.resume();
    this.#lagBlocks.clear();
  }

  /** Never goes back for one node. */
  at(hotkey: Hotkey): number {
    const nowMs = this.#stallCount > 0 ? this.#stalledSinceMs : this.#clock.monotonicMs();
    const height = Math.floor((nowMs - this.#lostMs) / BLOCK_MS) - (this.#lagBlocks.get(hotkey) ?? 0);
    const seen = Math.max(0, height, this.#seen.get(hotkey) ?? 0);
    this.#seen.set(hotkey, seen);
    return seen;
  }
}

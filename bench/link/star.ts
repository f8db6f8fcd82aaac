/**
 * The arithmetic of the emulated links, without a byte or a clock of its own: a star of members, each with an uplink and a
 * downlink of a rate, joined by a core that takes `oneWayDelayMs`.
 *
 *   in → loss → uplink queue → delay → downlink queue → out
 *
 * A link of rate r that is free at time f sends a packet of s bytes that comes at t at max(t, f) + s/r. What waits before
 * it is (f − t)·r bytes; a packet that finds more than `queueBytes` waiting is dropped (netem's `limit`, in bytes). Loss
 * comes first and takes no rate, as in netem. Packets are slots of a store that the caller keeps; a slot that is dropped
 * or delivered goes back to it.
 */
import type { Random } from "../../src/base/random.ts";

export interface MemberLink {
  readonly upBytesPerSec: number;
  readonly downBytesPerSec: number;
}

export interface StarOptions {
  readonly links: readonly MemberLink[];
  readonly oneWayDelayMs: number;
  /** Of each packet, on its way from the sender; 0 to 1. May be changed later. */
  readonly loss: number;
  readonly queueBytes: number;
}

export interface StarStats {
  packets: number;
  lost: number;
  dropped: number;
  delivered: number;
}

/** Slots in order of time, in a ring of fixed size. */
class TimedFifo {
  #times: Float64Array;
  #slots: Int32Array;
  #sizes: Int32Array;
  #head = 0;
  count = 0;

  constructor(capacity: number) {
    this.#times = new Float64Array(capacity);
    this.#slots = new Int32Array(capacity);
    this.#sizes = new Int32Array(capacity);
  }

  get time(): number {
    return this.count > 0 ? this.#times[this.#head] : Infinity;
  }

  get slot(): number {
    return this.#slots[this.#head];
  }

  get size(): number {
    return this.#sizes[this.#head];
  }

  push(time: number, slot: number, size: number): void {
    const at = (this.#head + this.count++) % this.#times.length;
    this.#times[at] = time;
    this.#slots[at] = slot;
    this.#sizes[at] = size;
  }

  shift(): void {
    this.#head = (this.#head + 1) % this.#times.length;
    this.count--;
  }
}

export class Star {
  readonly stats: StarStats = { packets: 0, lost: 0, dropped: 0, delivered: 0 };
  loss: number;
  #options: StarOptions;
  #random: Random;
  #freeUp: Float64Array;
  #freeDown: Float64Array;
  #crossing: TimedFifo[];
  #targets: TimedFifo[];
  #arriving: TimedFifo[];
  #release: (slot: number) => void;

  /** @param slots how many packets the caller's store holds */
  constructor(options: StarOptions, random: Random, slots: number, release: (slot: number) => void) {
    const n = options.links.length;
    this.loss = options.loss;
    this.#options = options;
    this.#random = random;
    this.#freeUp = new Float64Array(n);
    this.#freeDown = new Float64Array(n);
    this.#crossing = Array.from({ length: n }, () => new TimedFifo(slots));
    this.#targets = Array.from({ length: n }, () => new TimedFifo(slots));
    this.#arriving = Array.from({ length: n }, () => new TimedFifo(slots));
    this.#release = release;
  }

  /** A packet of `size` bytes in `slot` leaves member `from` for member `to` at `nowMs`. */
  send(from: number, to: number, slot: number, size: number, nowMs: number): void {
    const { links, queueBytes, oneWayDelayMs } = this.#options;
    this.stats.packets++;
    if (this.loss > 0 && this.#random.nextFloat() < this.loss) {
      this.stats.lost++;
      return this.#release(slot);
    }
    const bytesPerMs = links[from].upBytesPerSec / 1000;
    const startMs = Math.max(nowMs, this.#freeUp[from]);
    if ((startMs - nowMs) * bytesPerMs > queueBytes) {
      this.stats.dropped++;
      return this.#release(slot);
    }
    this.#freeUp[from] = startMs + size / bytesPerMs;
    this.#crossing[from].push(this.#freeUp[from] + oneWayDelayMs, slot, size);
    this.#targets[from].push(0, to, 0);
  }

  /** Moves everything that is due. @param deliver writes the slot out; the slot is released after it */
  advance(nowMs: number, deliver: (to: number, slot: number, size: number) => void): void {
    for (;;) {
      let from = -1;
      let earliest = Infinity;
      for (let i = 0; i < this.#crossing.length; i++) {
        if (this.#crossing[i].time < earliest) {
          earliest = this.#crossing[i].time;
          from = i;
        }
      }
      if (earliest > nowMs) break;
      const { slot, size } = this.#crossing[from];
      this.#crossing[from].shift();
      const to = this.#targets[from].slot;
      this.#targets[from].shift();
      this.#enterDownlink(to, slot, size, earliest);
    }
    for (let to = 0; to < this.#arriving.length; to++) {
      const fifo = this.#arriving[to];
      while (fifo.time <= nowMs) {
        deliver(to, fifo.slot, fifo.size);
        this.stats.delivered++;
        this.#release(fifo.slot);
        fifo.shift();
      }
    }
  }

  /** When the next packet is due, or Infinity. */
  nextMs(): number {
    let next = Infinity;
    for (let i = 0; i < this.#crossing.length; i++) {
      next = Math.min(next, this.#crossing[i].time, this.#arriving[i].time);
    }
    return next;
  }

  #enterDownlink(to: number, slot: number, size: number, arrivalMs: number): void {
    const bytesPerMs = this.#options.links[to].downBytesPerSec / 1000;
    const startMs = Math.max(arrivalMs, this.#freeDown[to]);
    if ((startMs - arrivalMs) * bytesPerMs > this.#options.queueBytes) {
      this.stats.dropped++;
      return this.#release(slot);
    }
    this.#freeDown[to] = startMs + size / bytesPerMs;
    this.#arriving[to].push(this.#freeDown[to], slot, size);
  }
}

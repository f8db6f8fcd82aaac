/**
 * Who has delivered what of a list of chunks that are to be summed in order, one at a time. A sender that is left out at one
 * chunk has no part in any later one.
 */
import { Lateness, type LatenessLimits } from "./lateness.ts";

export class Gathering {
  readonly #chunks: readonly number[];
  readonly #positions = new Map<number, number>();
  readonly #senders: readonly number[];
  /** By position: who has delivered. */
  readonly #delivered: Set<number>[];
  /** By sender: the first position that it has no part in. */
  readonly #excludedFrom = new Map<number, number>();
  /** To be summed next; everything before is summed or being summed. */
  #next = 0;
  #isSumming = false;
  readonly #self: number;
  readonly #hasPart: (sender: number, chunk: number) => boolean;
  readonly #lateness = new Lateness();

  /**
   * @param self one of the senders, with a part in every chunk: what it has not delivered is not due
   * @param hasPart whether a sender has to deliver a chunk
   */
  constructor(
    chunks: readonly number[],
    senders: readonly number[],
    self: number,
    hasPart: (sender: number, chunk: number) => boolean = () => true,
  ) {
    this.#self = self;
    this.#hasPart = hasPart;
    this.#chunks = chunks;
    this.#senders = senders;
    this.#delivered = chunks.map(() => new Set<number>());
    chunks.forEach((chunk, position) => this.#positions.set(chunk, position));
    for (const sender of senders) this.#excludedFrom.set(sender, Infinity);
  }

  /** Is the next chunk held up by those who are missing, since we delivered it ourselves? */
  isLate(nowMs: number, limits: LatenessLimits): boolean {
    return !this.#isSumming && this.#isWaiting && this.#lateness.isOver(nowMs, limits);
  }

  /** For how long the next chunk has been waited for. */
  waitedMs(nowMs: number): number {
    return nowMs - this.#lateness.sinceMs;
  }

  get #isWaiting(): boolean {
    return this.#delivered[this.#next]?.has(this.#self) ?? false;
  }

  wants(sender: number, chunk: number): boolean {
    const at = this.#positions.get(chunk) ?? -1;
    return at >= this.#next && at < (this.#excludedFrom.get(sender) ?? -1) &&
      this.#hasPart(sender, chunk) && !this.#delivered[at].has(sender);
  }

  add(sender: number, chunk: number, nowMs: number): boolean {
    if (!this.wants(sender, chunk)) return false;
    this.#delivered[this.#positions.get(chunk)!].add(sender);
    if (sender === this.#self && chunk === this.#chunks[this.#next]) this.#lateness.restart(nowMs);
    else this.#lateness.arrived(nowMs);
    this.#count(nowMs);
    return true;
  }

  /**
   * Leaves `sender` out from `chunk` on, or from the next that it has not delivered.
   * @returns the chunks that it has no part in now; empty when nothing changes
   */
  exclude(sender: number, chunk?: number): readonly number[] {
    const limit = this.#excludedFrom.get(sender);
    if (limit === undefined) return [];
    const given = chunk === undefined ? undefined : this.#positions.get(chunk);
    let from = Math.max(this.#next, given ?? 0);
    while (given === undefined && this.#delivered[from]?.has(sender)) from++;
    if (from >= this.#chunks.length || from >= limit) return [];
    this.#excludedFrom.set(sender, from);
    for (const delivered of this.#delivered.slice(from)) delivered.delete(sender);
    return this.#chunks.slice(from);
  }

  /** The next chunk and its senders, if everybody who has a part in it has delivered; it is being summed then. */
  take(): { readonly chunk: number; readonly senders: readonly number[] } | undefined {
    if (this.#isSumming || this.#next >= this.#chunks.length || this.missing().length > 0) return undefined;
    const senders = [...this.#delivered[this.#next]].sort((a, b) => a - b);
    if (senders.length === 0) return undefined;
    this.#isSumming = true;
    return { chunk: this.#chunks[this.#next++], senders };
  }

  /** The sum of the chunk taken last is there. */
  summed(nowMs: number): void {
    this.#isSumming = false;
    this.#lateness.restart(nowMs);
    this.#count(nowMs);
  }

  /** The sum failed: the chunk is taken back. @returns whether it was being summed */
  takeBack(chunk: number): boolean {
    if (!this.#isSumming || this.#positions.get(chunk) !== this.#next - 1) return false;
    this.#isSumming = false;
    this.#next--;
    return true;
  }

  /** Who holds up the next chunk. */
  missing(): number[] {
    const delivered = this.#delivered[this.#next];
    return this.#due().filter((sender) => !delivered.has(sender));
  }

  /** Whose part in the next chunk there is to be. */
  #due(): number[] {
    if (this.#next >= this.#chunks.length) return [];
    const chunk = this.#chunks[this.#next];
    return this.#senders.filter((sender) =>
      this.#next < this.#excludedFrom.get(sender)! && this.#hasPart(sender, chunk)
    );
  }

  #count(nowMs: number): void {
    if (this.#isWaiting) this.#lateness.count(nowMs, this.#delivered[this.#next].size, this.#due().length);
  }
}

/** The result of one attempt as it comes together: where it lies, and what of it still goes out to others. */
import type { Codec } from "../codec/codec.ts";
import type { ResultRoom, ResultSpace } from "./result_space.ts";
import type { SpanPlan } from "./span_plan.ts";

interface Outgoing {
  readonly bytes: Uint8Array;
  /** The caller's to use again when everybody has them. */
  readonly isSpare: boolean;
}

export class AttemptResults {
  readonly #plan: SpanPlan;
  readonly #self: number;
  readonly #codec: Codec;
  readonly #space: ResultSpace;
  /** Opened when the first chunk is there. */
  #room: ResultRoom | undefined;
  #isHandedOver = false;
  readonly #outgoing = new Map<number, Outgoing>();

  /**
   * @param self our index in the group
   * @param codec of results
   */
  constructor(plan: SpanPlan, self: number, codec: Codec, space: ResultSpace) {
    this.#plan = plan;
    this.#self = self;
    this.#codec = codec;
    this.#space = space;
  }

  has(chunk: number): boolean {
    return this.#room?.has(chunk) ?? false;
  }

  /**
   * One of another member's. In a grid those of our column go out again, to our row, so that their bytes are kept.
   * @returns whether `bytes` itself is kept
   * @throws {SkeinError} when the system refused
   */
  receive(chunk: number, bytes: Uint8Array): boolean {
    const { grid, chunks } = this.#plan;
    const isPassedOn = grid !== undefined &&
      grid.columnOf[chunks[chunk].reducer] === grid.columnOf[this.#self];
    const isKept = this.#put(chunk, bytes);
    if (isPassedOn) this.#outgoing.set(chunk, { bytes, isSpare: false });
    return isKept || isPassedOn;
  }

  /** One of our own, which goes out. @returns true @throws {SkeinError} when the system refused */
  make(chunk: number, bytes: Uint8Array): true {
    const isKept = this.#put(chunk, bytes);
    this.#outgoing.set(chunk, { bytes, isSpare: !isKept });
    return true;
  }

  outgoing(chunk: number): Uint8Array {
    return this.#outgoing.get(chunk)!.bytes;
  }

  /** Everybody has it or is down; once for each chunk. @returns its bytes when only links may hold them */
  sent(chunk: number): Uint8Array | undefined {
    const outgoing = this.#outgoing.get(chunk);
    this.#outgoing.delete(chunk);
    return outgoing?.isSpare ? outgoing.bytes : undefined;
  }

  /** The whole result, which is complete. The caller frees it. */
  handOver(): ResultRoom {
    this.#isHandedOver = true;
    return this.#room!;
  }

  /** What goes out may still be sent. */
  close(): void {
    if (!this.#isHandedOver) this.#room?.free();
  }

  #put(chunk: number, bytes: Uint8Array): boolean {
    this.#room ??= this.#space.open(
      this.#plan.chunks.map(({ elements }) => this.#codec.encodedBytes(elements)),
    );
    return this.#room.put(chunk, bytes);
  }
}

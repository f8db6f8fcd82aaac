/** Frames over one stream, counted into the node's traffic. */
import { assert } from "../base/assert.ts";
import type { BytePipe } from "./byte_pipe.ts";
import {
  encodeFrameHead,
  type Frame,
  type FrameKind,
  type FrameLimits,
  type PlaceFrameBody,
  readFrame,
} from "./frame.ts";
import { type StallWatch, watchStall } from "./stall.ts";

/** Of a body, copied to go out with the head: more than any path's packet takes. */
const JOINED_BYTES = 8 * 1024;

export interface TrafficCounter {
  sentBytes: number;
  receivedBytes: number;
}

/** What messages are sent on and read from. */
export type Frames = Pick<FrameStream, "isOpen" | "read" | "write" | "close" | "abort">;

export class FrameStream {
  readonly #pipe: BytePipe;
  readonly #limits: FrameLimits;
  readonly #traffic: TrafficCounter;
  readonly #stall?: StallWatch;
  #isWriting = false;

  /** @param stall who is told of a frame that does not move; without it another deadline stands behind what is written */
  constructor(pipe: BytePipe, limits: FrameLimits, traffic: TrafficCounter, stall?: StallWatch) {
    this.#pipe = pipe;
    this.#limits = limits;
    this.#traffic = traffic;
    this.#stall = stall;
  }

  get isOpen(): boolean {
    return this.#pipe.isOpen;
  }

  /** @throws {SkeinError} as `readFrame` and `BytePipe.read` */
  read(
    { signal, limits = this.#limits, placeBody }: {
      signal?: AbortSignal;
      limits?: FrameLimits;
      placeBody?: PlaceFrameBody;
    } = {},
  ): Promise<Frame | null> {
    const onBytes = (count: number) => this.#traffic.receivedBytes += count;
    return readFrame(this.#pipe, limits, signal, onBytes, placeBody);
  }

  /**
   * One frame at a time: whoever writes awaits the one before. It goes out whole or costs the stream.
   * @throws {SkeinError} `net/frame-oversized`, `net/header-unencodable`, `net/link-lost`
   */
  async write(kind: FrameKind, header: Readonly<Record<string, unknown>>, body?: Uint8Array): Promise<void> {
    const head = encodeFrameHead(kind, header, body?.length ?? 0, this.#limits);
    assert(!this.#isWriting, "a frame is written after the one before");
    this.#isWriting = true;
    const stopWatch = this.#stall && watchStall(this.#pipe, this.#stall);
    try {
      const { start, rest } = joined(head, body);
      await this.#pipe.write(start);
      this.#traffic.sentBytes += start.length;
      if (rest !== undefined) {
        await this.#pipe.write(rest);
        this.#traffic.sentBytes += rest.length;
      }
    } catch (error) {
      this.#pipe.abort(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      stopWatch?.();
      this.#isWriting = false;
    }
  }

  /** Nothing more is written; the last frame has gone out. */
  async close(): Promise<void> {
    await this.#pipe.close();
  }

  abort(reason: string): void {
    this.#pipe.abort(new Error(reason));
  }
}

/**
 * The head goes out with the beginning of the body. Alone it were a packet of its own, and receivers delay what they say of a
 * small one: BBR, which measures the shortest round trip anew by the first packet after a rest of ten seconds, takes none from
 * it, and stops the connection for a fifth of a second to measure once the burst has begun.
 */
function joined(head: Uint8Array, body?: Uint8Array): { start: Uint8Array; rest?: Uint8Array } {
  if (body === undefined || body.length === 0) return { start: head };
  const first = body.subarray(0, JOINED_BYTES);
  const start = new Uint8Array(head.length + first.length);
  start.set(head);
  start.set(first, head.length);
  return { start, rest: body.length > first.length ? body.subarray(first.length) : undefined };
}

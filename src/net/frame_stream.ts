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
      await this.#pipe.write(head);
      this.#traffic.sentBytes += head.length;
      if (body !== undefined && body.length > 0) {
        await this.#pipe.write(body);
        this.#traffic.sentBytes += body.length;
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

/** Frames over one libp2p stream, counted into the node's traffic. */
import type { Stream } from "@libp2p/interface";
import { assert } from "../base/assert.ts";
import { encodeFrameHead, type Frame, type FrameKind, type FrameLimits, readFrame } from "./frame.ts";
import { type StallWatch, watchStall } from "./stall.ts";
import { StreamBytes } from "./stream_bytes.ts";

export interface TrafficCounter {
  sentBytes: number;
  receivedBytes: number;
}

export class FrameStream {
  readonly stream: Stream;
  readonly #bytes: StreamBytes;
  readonly #limits: FrameLimits;
  readonly #traffic: TrafficCounter;
  readonly #stall?: StallWatch;
  #isWriting = false;

  /** @param stall who is told of a frame that does not move; without it another deadline stands behind what is written */
  constructor(stream: Stream, limits: FrameLimits, traffic: TrafficCounter, stall?: StallWatch) {
    this.stream = stream;
    this.#bytes = new StreamBytes(stream);
    this.#limits = limits;
    this.#traffic = traffic;
    this.#stall = stall;
  }

  get isOpen(): boolean {
    return this.stream.status === "open" && this.stream.writeStatus === "writable";
  }

  /** @throws {SkeinError} as `readFrame` and `StreamBytes.read` */
  read(signal?: AbortSignal, limits: FrameLimits = this.#limits): Promise<Frame | null> {
    return readFrame(this.#bytes, limits, signal, (count) => this.#traffic.receivedBytes += count);
  }

  /**
   * One frame at a time: whoever writes awaits the one before. It goes out whole or costs the stream.
   * @throws {SkeinError} `net/frame-oversized`, `net/header-unencodable`, `net/link-lost`
   */
  async write(kind: FrameKind, header: Readonly<Record<string, unknown>>, body?: Uint8Array): Promise<void> {
    const head = encodeFrameHead(kind, header, body?.length ?? 0, this.#limits);
    assert(!this.#isWriting, "a frame is written after the one before");
    this.#isWriting = true;
    const stopWatch = this.#stall && watchStall(this.stream, this.#stall);
    try {
      await this.#bytes.write(head);
      this.#traffic.sentBytes += head.length;
      if (body !== undefined && body.length > 0) {
        await this.#bytes.write(body);
        this.#traffic.sentBytes += body.length;
      }
    } catch (error) {
      this.stream.abort(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      stopWatch?.();
      this.#isWriting = false;
    }
  }

  async close(): Promise<void> {
    await this.stream.close().catch(() => this.stream.abort(new Error("close failed")));
  }

  abort(reason: string): void {
    this.stream.abort(new Error(reason));
  }
}

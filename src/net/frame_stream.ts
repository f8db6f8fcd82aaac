/** Frames over one libp2p stream, counted into the node's traffic. */
import type { Stream } from "@libp2p/interface";
import { encodeFrameHead, type Frame, type FrameKind, type FrameLimits, readFrame } from "./frame.ts";
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
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(stream: Stream, limits: FrameLimits, traffic: TrafficCounter) {
    this.stream = stream;
    this.#bytes = new StreamBytes(stream);
    this.#limits = limits;
    this.#traffic = traffic;
  }

  get isOpen(): boolean {
    return this.stream.status === "open" && this.stream.writeStatus === "writable";
  }

  /** @throws {SkeinError} as `readFrame` and `StreamBytes.read` */
  read(signal?: AbortSignal, limits: FrameLimits = this.#limits): Promise<Frame | null> {
    return readFrame(this.#bytes, limits, signal, (count) => this.#traffic.receivedBytes += count);
  }

  /**
   * Frames go out whole and in the order of the calls. A signal that aborts before the frame's turn costs nothing; a frame
   * that has begun is finished, because half a frame cannot be taken back and those behind it need the stream.
   * @throws {SkeinError} `net/frame-oversized`, `net/header-unencodable`, `net/link-lost`
   */
  write(
    kind: FrameKind,
    header: Readonly<Record<string, unknown>>,
    body?: Uint8Array,
    signal?: AbortSignal,
  ): Promise<void> {
    let head: Uint8Array;
    try {
      head = encodeFrameHead(kind, header, body?.length ?? 0, this.#limits);
    } catch (error) {
      return Promise.reject(error);
    }
    const write = this.#lastWrite.then(() => this.#writeNow(head, body, signal));
    this.#lastWrite = write.catch(() => {});
    return write;
  }

  async #writeNow(head: Uint8Array, body: Uint8Array | undefined, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
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
    }
  }

  async close(): Promise<void> {
    await this.stream.close().catch(() => this.stream.abort(new Error("close failed")));
  }

  abort(reason: string): void {
    this.stream.abort(new Error(reason));
  }
}

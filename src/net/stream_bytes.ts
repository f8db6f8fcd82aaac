/**
 * Reads and writes a libp2p stream by exact byte counts with back-pressure both ways.
 *
 * Reading: libp2p's own `byteStream` takes whatever arrives and aborts above 4 MiB, so a slow handler would lose its
 * stream. Here the stream is paused while more than `HIGH_WATER_BYTES` lie unread; the muxer then stops granting window
 * and the sender stops. Writing: `stream.onDrain()` keeps its first resolved promise, so we wait for the events.
 */
import type { Stream } from "@libp2p/interface";
import { type BytePipe, lost, truncated } from "./byte_pipe.ts";

const HIGH_WATER_BYTES = 512 * 1024;
const WRITE_SLICE_BYTES = 256 * 1024;

export class StreamBytes implements BytePipe {
  readonly #stream: Stream;
  readonly #parts: Uint8Array[] = [];
  #partOffset = 0;
  #unreadBytes = 0;
  #failure: unknown = undefined;
  #wake: () => void = () => {};

  constructor(stream: Stream) {
    this.#stream = stream;
    const wake = () => this.#wake();
    stream.addEventListener("message", (event) => {
      for (const part of event.data instanceof Uint8Array ? [event.data] : event.data) this.#take(part);
      wake();
    });
    stream.addEventListener("close", (event) => {
      this.#failure = event.error;
      wake();
    });
    stream.addEventListener("remoteCloseWrite", wake);
    stream.addEventListener("end", wake);
  }

  get isOpen(): boolean {
    return this.#stream.status === "open" && this.#stream.writeStatus === "writable";
  }

  /** @throws {SkeinError} `net/frame-truncated` when the stream ends inside the bytes, `net/link-lost` when it breaks */
  async read(
    count: number,
    signal?: AbortSignal,
    out: Uint8Array = new Uint8Array(count),
  ): Promise<Uint8Array | null> {
    let filled = 0;
    while (filled < count) {
      signal?.throwIfAborted();
      if (this.#unreadBytes === 0) {
        this.#setPaused(false); // hands over, synchronously, what was held back
        if (this.#unreadBytes > 0) continue;
        if (this.#ended()) return this.#endOfRead(filled, count);
        await this.#changed(signal);
        continue;
      }
      filled += this.#give(out, filled);
    }
    return out;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += WRITE_SLICE_BYTES) {
      try {
        this.#stream.send(bytes.subarray(at, at + WRITE_SLICE_BYTES));
      } catch (cause) {
        throw lost(cause);
      }
      await drained(this.#stream);
    }
  }

  onTaken(handler: () => void): () => void {
    this.#stream.addEventListener("drain", handler);
    return () => this.#stream.removeEventListener("drain", handler);
  }

  async close(): Promise<void> {
    await this.#stream.close().catch(() => this.abort(new Error("close failed")));
  }

  abort(reason: Error): void {
    this.#stream.abort(reason);
  }

  #take(part: Uint8Array): void {
    this.#parts.push(part);
    this.#unreadBytes += part.length;
    if (this.#unreadBytes > HIGH_WATER_BYTES) this.#setPaused(true);
  }

  #give(out: Uint8Array, at: number): number {
    const part = this.#parts[0];
    const piece = part.subarray(this.#partOffset, this.#partOffset + out.length - at);
    out.set(piece, at);
    this.#partOffset += piece.length;
    this.#unreadBytes -= piece.length;
    if (this.#partOffset === part.length) {
      this.#parts.shift();
      this.#partOffset = 0;
    }
    return piece.length;
  }

  #setPaused(isPaused: boolean): void {
    const status = this.#stream.readStatus;
    try {
      if (isPaused && status === "readable") this.#stream.pause();
      if (!isPaused && status === "paused") this.#stream.resume();
    } catch (cause) {
      this.#failure ??= cause; // the muxer went away between the check and the call
    }
  }

  #ended(): boolean {
    if (this.#stream.readBufferLength > 0 && this.#failure === undefined) return false;
    return this.#failure !== undefined || this.#stream.readableEnded || this.#stream.status !== "open" ||
      this.#stream.remoteWriteStatus === "closed";
  }

  #endOfRead(filled: number, count: number): null {
    if (this.#failure !== undefined) throw lost(this.#failure);
    const status = this.#stream.status; // it may have broken before we listened
    if (status === "reset" || status === "aborted") throw lost(new Error(`stream is ${status}`));
    if (filled === 0) return null;
    throw truncated(filled, count);
  }

  #changed(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal!.reason);
      this.#wake = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}

/** Resolves when the stream has handed everything to the muxer and the muxer can take more. */
async function drained(stream: Stream): Promise<void> {
  while (stream.writableNeedsDrain || stream.writeBufferLength > 0) {
    if (stream.status !== "open") throw lost(new Error(`stream is ${stream.status}`));
    await new Promise<void>((resolve, reject) => {
      const finish = (act: () => void) => {
        stream.removeEventListener("drain", onDrain);
        stream.removeEventListener("close", onClose);
        act();
      };
      // The stream sends what it had queued in a microtask after the event: look again behind it.
      const onDrain = () => queueMicrotask(() => finish(resolve));
      const onClose = (event: { error?: Error }) => finish(() => reject(lost(event.error)));
      stream.addEventListener("drain", onDrain);
      stream.addEventListener("close", onClose);
    });
  }
}

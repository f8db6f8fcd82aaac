/**
 * A native TLS connection by exact byte counts. A large body is read straight into its place; what is small comes through a
 * buffer, because each read of the connection costs as much as 16 KB of its bytes. Nobody reading is the back-pressure:
 * then TCP's window closes.
 */
import type { BytePipe } from "./byte_pipe.ts";
import { lost, truncated } from "./byte_pipe.ts";

/** The most that one read returns: a TLS record. */
const RECORD_BYTES = 16 * 1024;

export class TlsPipe implements BytePipe {
  readonly #connection: Deno.TlsConn;
  readonly #buffer = new Uint8Array(RECORD_BYTES);
  #start = 0;
  #end = 0;
  #isOpen = true;
  #isGone = false;
  #movedBytes = 0;
  readonly #onTaken = new Set<() => void>();

  constructor(connection: Deno.TlsConn) {
    this.#connection = connection;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Read and written so far. */
  get movedBytes(): number {
    return this.#movedBytes;
  }

  /** @throws {SkeinError} `net/frame-truncated` when the stream ends inside the bytes, `net/link-lost` when it breaks */
  async read(
    count: number,
    _signal?: AbortSignal,
    out: Uint8Array = new Uint8Array(count),
  ): Promise<Uint8Array | null> {
    let filled = 0;
    while (filled < count) {
      if (this.#end > this.#start) {
        const piece = this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + count - filled));
        out.set(piece, filled);
        this.#start += piece.length;
        filled += piece.length;
        continue;
      }
      const isDirect = count - filled >= RECORD_BYTES;
      const read = await this.#readInto(isDirect ? out.subarray(filled) : this.#buffer);
      if (read === null && filled === 0) return null;
      if (read === null) throw truncated(filled, count);
      if (isDirect) filled += read;
      else [this.#start, this.#end] = [0, read];
    }
    return out;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#isOpen) throw lost(new Error("nothing more is written to it"));
    try {
      for (let at = 0; at < bytes.length;) {
        const written = await this.#connection.write(at === 0 ? bytes : bytes.subarray(at));
        at += written;
        this.#movedBytes += written;
        for (const handler of this.#onTaken) handler();
      }
    } catch (cause) {
      this.abort();
      throw lost(cause);
    }
  }

  onTaken(handler: () => void): () => void {
    this.#onTaken.add(handler);
    return () => this.#onTaken.delete(handler);
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#connection.closeWrite().catch(() => this.abort());
  }

  /** Nothing more is read either. A read or write under way fails; then its bytes are not touched any more. */
  abort(): void {
    this.#isOpen = false;
    this.#start = this.#end = 0;
    if (this.#isGone) return;
    this.#isGone = true;
    this.#connection.close();
  }

  async #readInto(bytes: Uint8Array): Promise<number | null> {
    try {
      const read = await this.#connection.read(bytes);
      this.#movedBytes += read ?? 0;
      return read;
    } catch (cause) {
      this.abort();
      throw lost(cause);
    }
  }
}

/**
 * The frames of a bulk channel, with receipts: a message that asks for one (kind "asking") is answered, as soon as it has been
 * read, with how many messages have been read on this channel (kind "receipt"). Receipts go before the next message, and
 * only the newest is worth sending.
 */
import type { Clock } from "../base/clock.ts";
import { netError } from "./errors.ts";
import { FlowWindow } from "./flow_window.ts";
import type { Frame } from "./frame.ts";
import type { Frames, FrameStream } from "./frame_stream.ts";
import { STALLED_MS } from "./stall.ts";

export class PacedFrames implements Frames {
  readonly #frames: FrameStream;
  readonly #clock: Clock;
  readonly #onStalled: () => void;
  readonly #flow = new FlowWindow();
  #readCount = 0;
  /** What the peer was told last of `#readCount`. */
  #toldCount = 0;
  #isTelling = false;
  /** Settles when all that has been asked for is written. */
  #written = Promise.resolve();
  #isClosing = false;
  #room: PromiseWithResolvers<void> | undefined;
  #cancelStall: () => void = () => {};

  /** @param onStalled the peer has read nothing for a minute of what it was sent */
  constructor(frames: FrameStream, clock: Clock, onStalled: () => void) {
    this.#frames = frames;
    this.#clock = clock;
    this.#onStalled = onStalled;
  }

  get isOpen(): boolean {
    return this.#frames.isOpen && !this.#isClosing;
  }

  /** Written, and not read by the peer yet as far as it has told. */
  get unreadBytes(): number {
    return this.#flow.unreadBytes;
  }

  /** Undefined when a message may be begun now; else resolves when one may, or never will be. */
  room(): Promise<void> | undefined {
    if (this.#flow.hasRoom || !this.isOpen) return undefined;
    if (this.#room === undefined) {
      this.#room = Promise.withResolvers<void>();
      this.#cancelStall = this.#clock.after(STALLED_MS, this.#onStalled);
    }
    return this.#room.promise;
  }

  /** @throws as `FrameStream.write` */
  async write(
    kind: "message",
    header: Readonly<Record<string, unknown>>,
    body?: Uint8Array,
  ): Promise<void> {
    await this.#writeNext(async () => {
      const isAsking = this.#flow.sent(body?.length ?? 0, this.#clock.monotonicMs());
      try {
        await this.#frames.write(isAsking ? "asking" : kind, header, body);
      } catch (error) {
        this.#flow.unsent();
        throw error;
      }
    });
  }

  /** The next message. @throws as `FrameStream.read`, `net/frame-malformed` on a receipt that cannot be */
  async read(options: Parameters<FrameStream["read"]>[0] = {}): Promise<Frame | null> {
    for (;;) {
      const frame = await this.#frames.read(options);
      if (frame === null) return null;
      if (frame.kind === "receipt") {
        if (frame.body.length > 0) {
          throw netError(
            "net/frame-malformed",
            `read receipt: a body of ${frame.body.length} bytes, none can be`,
          );
        }
        this.#flow.receipt(frame.header.read, this.#clock.monotonicMs());
        this.#release();
        continue;
      }
      this.#readCount++;
      if (frame.kind !== "asking") return frame;
      void this.#tell();
      return { ...frame, kind: "message" };
    }
  }

  /** Nothing more is written; what has been asked for goes out. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#release();
    await this.#written;
    await this.#frames.close();
  }

  abort(reason: string): void {
    this.#frames.abort(reason);
    this.#release();
  }

  #release(): void {
    this.#cancelStall();
    this.#room?.resolve();
    this.#room = undefined;
  }

  async #tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    while (this.#toldCount < this.#readCount && this.isOpen) {
      // What breaks here breaks for whoever reads and writes too.
      await this.#writeNext(async () => {
        this.#toldCount = this.#readCount;
        await this.#frames.write("receipt", { read: this.#toldCount });
      }).catch(() => {});
    }
    this.#isTelling = false;
  }

  #writeNext(write: () => Promise<void>): Promise<void> {
    const writing = this.#written.then(write);
    this.#written = writing.catch(() => {});
    return writing;
  }
}

/** Messages to one peer that keep their order: one long-lived stream, on whichever connection is the best when it is opened. */
import { isSkeinError } from "../base/errors.ts";
import type { Message } from "../base/transport.ts";
import type { FrameStream } from "./frame_stream.ts";
import { SendQueue } from "./send_queue.ts";

export class OrderedLane {
  readonly #open: () => Promise<FrameStream>;
  readonly #queue = new SendQueue();
  #frames: FrameStream | undefined;
  #isBusy = false;

  constructor(open: () => Promise<FrameStream>) {
    this.#open = open;
  }

  /** @throws {SkeinError} as `open`; `net/link-lost`, `net/frame-oversized`, `net/queue-full` */
  send(message: Message, signal?: AbortSignal): Promise<void> {
    const sent = this.#queue.push(message, signal);
    void this.#work();
    return sent;
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let turn = this.#queue.take(); turn !== undefined; turn = this.#queue.take()) {
      try {
        if (!this.#frames?.isOpen) this.#frames = await this.#open();
        if (turn.isOver) continue;
        await turn.sendOn(this.#frames);
        turn.resolve();
      } catch (error) {
        turn.reject(error);
        // Those behind it would wait for a dead path as long again, one after the other.
        if (isSkeinError(error, "net/link-lost")) this.#queue.rejectAll(error);
      }
    }
    this.#isBusy = false;
  }
}

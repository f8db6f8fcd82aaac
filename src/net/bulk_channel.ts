/**
 * One bulk channel to a peer, whoever opened it: frames both ways. It ends in two halves, as TCP does: who retires it sends
 * nothing more on it and goes on reading until the other has retired it, too, so no frame is cut.
 */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey } from "../base/transport.ts";
import type { FrameLimits } from "./frame.ts";
import { FrameStream, type TrafficCounter } from "./frame_stream.ts";
import { PacedFrames } from "./paced_frames.ts";
import { hangUpWhenStalled, STALLED_MS } from "./stall.ts";
import type { Path } from "./stripes.ts";
import type { TlsPipe } from "./tls_pipe.ts";

/**
 * Routers forget connections that are quiet, and what is sent then is lost: a channel is given up before, and opened again
 * when it is needed. Longer than a handler may take with one message.
 */
export const IDLE_MS = 2 * STALLED_MS;

export interface ChannelDependencies {
  readonly limits: FrameLimits;
  readonly traffic: TrafficCounter;
  readonly clock: Clock;
  readonly log: Log;
}

export class BulkChannel implements Path {
  readonly hotkey: Hotkey;
  readonly direction: "inbound" | "outbound";
  readonly frames: PacedFrames;
  readonly #pipe: TlsPipe;
  readonly #clock: Clock;
  #status: "open" | "closing" | "closed" = "open";
  #isStalled = false;
  #retired: Promise<void> | undefined;
  #onRetired: () => void = () => {};
  #cancelWatch: () => void = () => {};

  constructor(
    hotkey: Hotkey,
    direction: "inbound" | "outbound",
    pipe: TlsPipe,
    deps: ChannelDependencies,
  ) {
    this.hotkey = hotkey;
    this.direction = direction;
    this.#pipe = pipe;
    this.#clock = deps.clock;
    const watch = hangUpWhenStalled(this, hotkey, deps);
    const onStalled = () => {
      this.#isStalled = true;
      watch.onStalled();
    };
    const frames = new FrameStream(pipe, deps.limits, deps.traffic, { clock: deps.clock, onStalled });
    this.frames = new PacedFrames(frames, deps.clock, onStalled);
    this.#watch(IDLE_MS, () => void this.retire());
  }

  get status(): "open" | "closing" | "closed" {
    return this.#status === "open" && !this.#pipe.isOpen ? "closed" : this.#status;
  }

  /** It was given up because the peer took nothing. */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** Called when nothing more is to be sent on it. */
  onRetired(handler: () => void): void {
    this.#onRetired = handler;
  }

  /**
   * Nothing more is sent on it; a frame that has begun goes out, and what the peer sends comes in until it retires it too,
   * or nothing has moved for a minute. Resolves when our half is closed.
   */
  retire(): Promise<void> {
    return this.#retired ??= this.#retire();
  }

  async #retire(): Promise<void> {
    if (this.#status === "closed") return;
    this.#status = "closing";
    this.#onRetired();
    this.#watch(STALLED_MS, () => this.abort());
    await this.frames.close();
  }

  abort(): void {
    const wasOpen = this.#status === "open";
    this.#status = "closed";
    this.#cancelWatch();
    this.frames.abort("the channel is over");
    if (wasOpen) this.#onRetired();
  }

  /** Acts when nothing has moved for `stillMs`, in place of what was watched for before. */
  #watch(stillMs: number, act: () => void): void {
    this.#cancelWatch();
    const { movedBytes } = this.#pipe;
    this.#cancelWatch = this.#clock.after(stillMs, () => {
      if (this.#pipe.movedBytes === movedBytes) act();
      else this.#watch(stillMs, act);
    });
  }
}

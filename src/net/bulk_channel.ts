/** One bulk channel to a peer, whoever opened it: frames both ways. */
import type { Path } from "./stripes.ts";
import { FrameStream, type TrafficCounter } from "./frame_stream.ts";
import type { FrameLimits } from "./frame.ts";
import { hangUpWhenStalled } from "./stall.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey } from "../base/transport.ts";
import type { TlsPipe } from "./tls_pipe.ts";

export interface ChannelDependencies {
  readonly limits: FrameLimits;
  readonly traffic: TrafficCounter;
  readonly clock: Clock;
  readonly log: Log;
}

export class BulkChannel implements Path {
  readonly hotkey: Hotkey;
  readonly direction: "inbound" | "outbound";
  readonly frames: FrameStream;
  readonly #pipe: TlsPipe;
  #status: "open" | "closing" | "closed" = "open";
  #onRetired: () => void = () => {};

  constructor(
    hotkey: Hotkey,
    direction: "inbound" | "outbound",
    pipe: TlsPipe,
    deps: ChannelDependencies,
  ) {
    this.hotkey = hotkey;
    this.direction = direction;
    this.#pipe = pipe;
    this.frames = new FrameStream(pipe, deps.limits, deps.traffic, hangUpWhenStalled(this, hotkey, deps));
  }

  get status(): "open" | "closing" | "closed" {
    return this.#status === "open" && !this.#pipe.isOpen ? "closed" : this.#status;
  }

  /** Once, when nothing more is to be sent on it. */
  onRetired(handler: () => void): void {
    this.#onRetired = handler;
  }

  /** Nothing more is sent on it; a frame that has begun goes out, and what the peer sends comes in until it retires it too. */
  retire(): Promise<void> {
    if (this.#status !== "open") return Promise.resolve();
    this.#status = "closing";
    this.#onRetired();
    return this.frames.close();
  }

  abort(_reason: Error): void {
    this.#status = "closed";
    this.#pipe.abort();
    this.#onRetired();
  }
}

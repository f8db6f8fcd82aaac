/**
 * Ends connections on which a frame that we have begun does not move. Until it ends its bytes are kept, and all that waits
 * behind it, so a peer that stays connected and reads nothing would hold them for ever. It is no offence: a path can
 * die without a word, and whoever is at the other end may come back.
 */
import type { Connection } from "@libp2p/interface";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { BytePipe } from "./byte_pipe.ts";

/** Longer than an outage that TCP gets over by itself, and than a handler needs for one message. */
export const STALLED_MS = 60_000;

export interface StallWatch {
  readonly clock: Clock;
  onStalled(): void;
}

/** For the frames that we write on `connection`, or on what stands for one. */
export function hangUpWhenStalled(
  connection: Pick<Connection, "status" | "abort">,
  peer: string,
  { clock, log }: { clock: Clock; log: Log },
): StallWatch {
  return {
    clock,
    onStalled() {
      if (connection.status !== "open") return;
      log.emit({ event: "peer-stalled", peer });
      connection.abort(new Error(`stalled: a frame has not moved for ${STALLED_MS / 1000} s`));
    },
  };
}

/** Watches `pipe` while a frame is written to it: it moves when some of its bytes are taken. @returns stop */
export function watchStall(pipe: Pick<BytePipe, "onTaken">, { clock, onStalled }: StallWatch): () => void {
  let movedMs = clock.monotonicMs();
  const forget = pipe.onTaken(() => movedMs = clock.monotonicMs());
  const check = () => {
    const restMs = movedMs + STALLED_MS - clock.monotonicMs();
    if (restMs <= 0) return onStalled();
    cancel = clock.after(restMs, check);
  };
  let cancel = clock.after(STALLED_MS, check);
  return () => {
    cancel();
    forget();
  };
}

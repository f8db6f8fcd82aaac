/** Gives up a connection beside which there is a better one, or enough others, without costing a frame or an answer. */
import type { Connection, Stream } from "@libp2p/interface";
import type { Clock } from "../base/clock.ts";
import { REQUEST_PROTOCOL } from "./protocols.ts";

const CHECK_MS = 500;
/** Checks in a row that find nothing moving. */
const QUIET_CHECKS = 3;

/** Closes it when for a second and a half no stream has sent or received, nor waits to, and no answer is awaited. */
export function closeWhenQuiet(connection: Connection, clock: Clock): void {
  const watched = new WeakSet<Stream>();
  let quietCount = 0;
  const check = () => {
    if (connection.status !== "open") return;
    let isQuiet = true;
    for (const stream of connection.streams) {
      if (!watched.has(stream)) {
        watched.add(stream);
        stream.addEventListener("message", () => quietCount = 0);
        isQuiet = false;
      }
      const isWaiting = stream.writeBufferLength > 0 || stream.writableNeedsDrain ||
        stream.readStatus === "paused" || stream.protocol === REQUEST_PROTOCOL;
      if (isWaiting) isQuiet = false;
    }
    quietCount = isQuiet ? quietCount + 1 : 0;
    if (quietCount >= QUIET_CHECKS) return void connection.close().catch(() => {});
    clock.after(CHECK_MS, check);
  };
  check();
}

/** Events as lines for people. Machines get the events themselves (`--json`). */
import type { LogEvent } from "../base/log.ts";
import type { ProfileReport } from "../node/profile_session.ts";
import { renderProfile } from "./profile_table.ts";
import { printLine } from "./stdout.ts";

export function printJson(event: LogEvent | Record<string, unknown>): void {
  printLine(JSON.stringify(event));
}

/** Bytes with a decimal unit: 1234567 → "1.2 MB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

export function formatLoss(loss: unknown): string {
  return typeof loss === "number" ? loss.toFixed(3) : "–";
}

const WEIGHTS_SENT: Readonly<Record<string, string>> = {
  timelocked: "sent under a timelock",
  committed: "committed by hash",
};

/** One line, or undefined for an event that people need not see one by one. */
export function describeEvent(event: LogEvent): string | undefined {
  switch (event.event) {
    case "log":
      return `${event.level === "info" ? "" : `${event.level}: `}${event.message}`;
    case "started":
      return `${event.role} ${event.hotkey} (uid ${event.uid}) on ${event.adapter} [${event.backend}, ${event.precision}], preset ` +
        `${event.preset}, outer step ${event.outerStep}`;
    case "evaluated":
      return `outer step ${event.outerStep}: validation loss ${formatLoss(event.validationLoss)}`;
    case "step":
      return `outer step ${event.outerStep}, inner step ${event.innerStep}: loss ${
        formatLoss(event.loss)
      }, ` +
        `${Math.round(Number(event.tokensPerSec))} tokens/s, ${event.peers} peers`;
    case "round":
      return `outer step ${event.outerStep} committed by ${event.members} members in ` +
        `${Number(event.seconds).toFixed(1)} s: root ${String(event.root).slice(0, 12)}, sent ` +
        `${formatBytes(Number(event.sentBytes))}, validation loss ${formatLoss(event.validationLoss)}`;
    case "round-aborted":
      return `outer step ${event.outerStep} not committed: ${event.reason}; training goes on`;
    case "weights-set":
      return `weights ${WEIGHTS_SENT[String(event.kind)] ?? "written"} after outer step ${event.outerStep}${
        event.revealBlock === undefined ? "" : ` (to count from block ${event.revealBlock} on)`
      }: ${JSON.stringify(event.weights)}`;
    case "weights-revealed":
      return `revealed the weights that were committed in block ${Number(event.commitBlock) + 1}`;
    case "spawn":
      return `started ${event.role}${event.hotkey ? ` ${event.hotkey}` : ""} as process ${event.pid}` +
        (event.url ? `, chain at ${event.url}` : "");
    case "exit":
      return `${event.role} process ${event.pid} ended (${event.signal ?? `code ${event.code}`})` +
        (event.restart ? `; start it again with: ${event.restart}` : "");
    case "relay":
      return `relay ${event.peerId}, reached at:\n${
        (event.listen as string[]).map((addr) => `  ${addr}`).join("\n")
      }`;
    case "peer-refused":
      return `warn: refused a peer: ${event.reason} (${event.code})`;
    case "peer-cut-off":
      return `warn: cut off ${event.peer} for its offences, the last ${event.code}`;
    case "state-fetched":
      return `fetched the state of outer step ${event.outerStep} from peers: root ${
        String(event.root).slice(0, 12)
      }`;
    case "profile":
      return renderProfile(event as unknown as ProfileReport);
    default:
      return undefined;
  }
}

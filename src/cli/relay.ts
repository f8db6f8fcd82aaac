/** `skein relay`: a relay and bootstrap node. */
import { Command } from "@commander-js/extra-typings";
import { systemClock } from "../base/clock.ts";
import { eventLog } from "../base/log.ts";
import { ANNOUNCE_FLAG, integerFlag, LISTEN_FLAG, listensByWebrtc } from "./flags.ts";
import { describeEvent, printJson } from "./present.ts";
import { printLine } from "./stdout.ts";
import { stopSignal } from "./stop_signal.ts";

const DEFAULT_LISTEN = ["0.0.0.0:4001"];

export const relayCommand = (finish: (code: number) => void) =>
  new Command("relay")
    .description(
      "carry connections for nodes that cannot be dialed, and let new nodes in; needs no GPU and no chain",
    )
    .option(LISTEN_FLAG[0], LISTEN_FLAG[1].replace("127.0.0.1:0)", `${DEFAULT_LISTEN})`), LISTEN_FLAG[2])
    .option(...ANNOUNCE_FLAG)
    .option(
      "--home <dir>",
      "where the relay's identity is kept (default: local/relay-N in the data directory)",
    )
    .option("--max-nodes <n>", "nodes that can be reached through it at once", integerFlag(1, 4096), 128)
    .option(
      "--max-circuits <n>",
      "connections it carries for one node at once, each way",
      integerFlag(1, 4096),
      256,
    )
    .option("--debug", "log more", false)
    .option("--json", "print one JSON object per event", false)
    .action(async (flags) => {
      const { runRelay } = await import("../node/relay.ts");
      const stop = stopSignal();
      const log = eventLog((event) => {
        if (flags.json) return printJson(event);
        const line = describeEvent(event);
        if (line !== undefined) printLine(line);
      }, { debug: flags.debug });
      try {
        await runRelay({
          listen: flags.listen ?? DEFAULT_LISTEN,
          announce: flags.announce ?? [],
          home: flags.home,
          webrtc: listensByWebrtc(flags.listen ?? []),
          maxReservations: flags.maxNodes,
          maxCircuitsPerPeer: flags.maxCircuits,
        }, { clock: systemClock, log, signal: stop.signal });
        finish(0);
      } finally {
        stop.dispose();
      }
    });

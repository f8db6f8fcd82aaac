/** `skein chain`: the local development chain. */
import { Command } from "@commander-js/extra-typings";
import { systemClock } from "../base/clock.ts";
import { eventLog } from "../base/log.ts";
import { integerFlag } from "./flags.ts";
import { describeEvent, printJson } from "./present.ts";
import { stopSignal } from "./stop_signal.ts";

export const chainCommand = (finish: (code: number) => void) =>
  new Command("chain")
    .description("run a local development chain that @polkadot/api connects to")
    .option("--home <dir>", "where the chain is kept (default: local/chain in the data directory)")
    .option("--port <port>", "port on 127.0.0.1; 0 takes a free one", integerFlag(0, 65535), 9944)
    .option("--block-ms <ms>", "block time", integerFlag(100, 60_000), 1000)
    .option(
      "--exit-when-idle <seconds>",
      "leave when nobody has been connected for this long",
      integerFlag(1, 86_400),
    )
    .option("--json", "print one JSON object per event", false)
    .action(async (flags) => {
      const { runChain } = await import("../node/chain_process.ts");
      const stop = stopSignal();
      const log = eventLog((event) => {
        if (flags.json) return printJson(event);
        const line = event.event === "chain"
          ? `chain at ${event.url}, kept in ${event.home}`
          : describeEvent(event);
        if (line !== undefined) console.log(line);
      });
      try {
        await runChain({
          home: flags.home,
          port: flags.port,
          blockMs: flags.blockMs,
          exitWhenIdleMs: flags.exitWhenIdle === undefined ? undefined : flags.exitWhenIdle * 1000,
        }, { clock: systemClock, log, signal: stop.signal });
        finish(0);
      } finally {
        stop.dispose();
      }
    });

/** `skein chain`: the local development chain. */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { systemClock } from "../base/clock.ts";
import { eventLog, type LogEvent } from "../base/log.ts";
import { integerFlag } from "./flags.ts";
import { describeEvent, printJson } from "./present.ts";
import { printLine } from "./stdout.ts";
import { stopSignal } from "./stop_signal.ts";

const MAX_U32 = 2 ** 32 - 1;

export const chainCommand = (finish: (code: number) => void) =>
  new Command("chain")
    .description(
      "run a local development chain that @polkadot/api connects to; it listens on 127.0.0.1 only, for whoever " +
        "reaches it may make blocks and spend the development accounts' money",
    )
    .option("--home <dir>", "where the chain is kept (default: local/chain in the data directory)")
    .option("--port <port>", "port on 127.0.0.1; 0 takes a free one", integerFlag(0, 65535), 9944)
    .option("--block-ms <ms>", "block time", integerFlag(100, 60_000), 1000)
    .option(
      "--on-demand",
      "make a block when a transaction waits for it, or when asked by dev_newBlock or engine_createBlock",
      false,
    )
    .option("--seed <n>", "begin a new chain whose hashes come from this number", integerFlag(0, MAX_U32))
    .option(
      "--genesis-time <time>",
      "begin a new chain at this time, such as 2026-01-01T00:00:00Z, that counts time in blocks",
      timeFlag,
    )
    .option("--reset", "remove the chain that is kept there and begin a new one", false)
    .option("--yes", "do not ask before removing", false)
    .option(
      "--exit-when-idle <seconds>",
      "leave when nobody has been connected for this long",
      integerFlag(1, 86_400),
    )
    .option("--json", "print one JSON object per event", false)
    .action(async (flags) => {
      const { chainHome, runChain } = await import("../node/chain_process.ts");
      if (flags.reset && !flags.yes && !mayRemove(chainHome(flags.home))) return finish(1);
      const stop = stopSignal();
      const log = eventLog((event) => {
        if (flags.json) return printJson(event);
        const line = describeChainEvent(event);
        if (line !== undefined) printLine(line);
      });
      try {
        await runChain({
          home: flags.home,
          port: flags.port,
          blockMs: flags.blockMs,
          production: flags.onDemand ? "on-demand" : "interval",
          seed: flags.seed,
          genesisTimeMs: flags.genesisTime,
          isReset: flags.reset,
          exitWhenIdleMs: flags.exitWhenIdle === undefined ? undefined : flags.exitWhenIdle * 1000,
        }, { clock: systemClock, log, signal: stop.signal });
        finish(0);
      } finally {
        stop.dispose();
      }
    });

function describeChainEvent(event: LogEvent): string | undefined {
  switch (event.event) {
    case "chain":
      return `chain at ${event.url}, block ${event.block}, kept in ${event.home}\n` +
        "//Alice, //Bob, //Charlie, //Dave, //Eve and //Ferdie began with 1,000,000 TAO each; //Alice has the sudo " +
        "key\n" +
        `look at it: https://polkadot.js.org/apps/?rpc=${encodeURIComponent(String(event.url))}`;
    case "block":
      return `block ${event.number}: ${count(Number(event.transactions))} in ${event.milliseconds} ms`;
    default:
      return describeEvent(event);
  }
}

const count = (transactions: number) => `${transactions} transaction${transactions === 1 ? "" : "s"}`;

/** Asks where somebody can answer. */
function mayRemove(home: string): boolean {
  if (Deno.stdin.isTerminal()) return confirm(`Remove the chain in ${home} and begin a new one?`);
  console.error(`remove the chain in ${home}: nobody to ask, a terminal or --yes required`);
  return false;
}

/** Milliseconds since 1970, given as such or as a date. */
function timeFlag(text: string): number {
  const timeMs = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isSafeInteger(timeMs) || timeMs < 0) {
    throw new InvalidArgumentError(
      "a time like 2026-01-01T00:00:00Z, or milliseconds since 1970, is needed.",
    );
  }
  return timeMs;
}

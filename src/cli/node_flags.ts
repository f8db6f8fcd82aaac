/** Flags that miner and validator share, and the running of a node from them. */
import { Command } from "@commander-js/extra-typings";
import { systemClock } from "../base/clock.ts";
import { eventLog, type Log } from "../base/log.ts";
import type { NodeOptions } from "../node/node_options.ts";
import {
  ANNOUNCE_FLAG,
  AUTOTUNE_FLAG,
  BULK_PORT_FLAG,
  CHAIN_FLAG,
  DEFAULT_CHAIN,
  DEFAULT_LISTEN,
  integerFlag,
  LISTEN_FLAG,
  listensByWebrtc,
  MICRO_BATCHES_FLAG,
  multiaddrsFlag,
  oneOfFlag,
  RECOMPUTE_FLAG,
  WAIT_FOR_FLAG,
} from "./flags.ts";
import { describeEvent, printJson } from "./present.ts";
import { CODEC_HELP, CODEC_NAMES, PRECISION_HELP, PRECISION_NAMES, PRESET_NAMES } from "./preset_names.ts";
import { printLine } from "./stdout.ts";
import { stopSignal } from "./stop_signal.ts";
import { passwordAsker } from "./terminal.ts";

export function nodeCommand(
  role: "miner" | "validator",
  description: string,
  finish: (code: number) => void,
) {
  return new Command(role)
    .description(description)
    .option(...CHAIN_FLAG)
    .option("--netuid <n>", "subnet", integerFlag(0, 65535), 1)
    .option(
      "--preset <name>",
      `model and training preset: ${PRESET_NAMES.join(", ")}`,
      oneOfFlag(PRESET_NAMES),
      "pico",
    )
    .option("--codec <name>", CODEC_HELP, oneOfFlag(CODEC_NAMES), "u8")
    .option("--precision <name>", PRECISION_HELP, oneOfFlag(PRECISION_NAMES), "f32")
    .option(...RECOMPUTE_FLAG)
    .option(...MICRO_BATCHES_FLAG)
    .option(...AUTOTUNE_FLAG)
    .option("--data <path>", "train on your own text: a UTF-8 file, or a directory of them")
    .option("--home <dir>", "keys and state of this node (default: the first free one in the data directory)")
    .option("--wallet <name>", "wallet in the bittensor layout (default: one kept in the home directory)")
    .option("--hotkey <name>", "hotkey of the wallet", "default")
    .option("--wallet-path <dir>", "where wallets are (default: BT_WALLET_PATH, else ~/.bittensor/wallets)")
    .option(...LISTEN_FLAG)
    .option(...ANNOUNCE_FLAG)
    .option(...BULK_PORT_FLAG)
    .option("--client", "do not listen: dial others, be reached through a relay, reduce nothing", false)
    .option("--relay <multiaddr>", "be reachable through this relay; repeatable", multiaddrsFlag)
    .option(
      "--bootstrap <multiaddr>",
      "way into the network: a relay or node; one that answers is enough; repeatable",
      multiaddrsFlag,
    )
    .option("--peer <multiaddr...>", "peers to dial besides those that the chain names")
    .option("--webrtc", "use WebRTC, too: direct, and between nodes behind relays (native addon)", false)
    .option("--mdns", "find nodes of the same run in the local network", false)
    .option(...WAIT_FOR_FLAG)
    .option("--rounds <n>", "leave after this many further rounds", integerFlag(1, 1e6))
    .option(
      "--profile [file]",
      "time each kernel, told after each round; with a file, write a Chrome trace at the end",
    )
    .option("--debug", "log more", false)
    .option("--json", "print one JSON object per event", false)
    .action(async (flags) => {
      const stop = stopSignal();
      const options: NodeOptions = {
        role,
        ...flags,
        chain: flags.chain ?? DEFAULT_CHAIN,
        listen: flags.listen ?? DEFAULT_LISTEN,
        webrtc: flags.webrtc || listensByWebrtc(flags.listen ?? []),
        announce: flags.announce ?? [],
        isClient: flags.client,
        relays: flags.relay ?? [],
        bootstrap: flags.bootstrap ?? [],
        peers: flags.peer ?? [],
      };
      const { runNode } = await import("../node/node.ts");
      try {
        await runNode(options, { ...processDependencies(flags), signal: stop.signal });
        finish(0);
      } finally {
        stop.dispose();
      }
    });
}

const MAX_TOLD_REFUSALS = 1000;

const processDependencies = (flags: { json: boolean; debug: boolean }) => ({
  clock: systemClock,
  log: processLog(flags),
  askPassword: passwordAsker(),
});

function processLog(flags: { json: boolean; debug: boolean }): Log {
  // A peer that is refused dials again and again: people are told once.
  const toldRefusals = new Set<string>();
  return eventLog((event) => {
    if (flags.json) return printJson(event);
    const line = describeEvent(event);
    if (line === undefined || toldRefusals.has(line)) return;
    if (event.event === "peer-refused" && toldRefusals.size < MAX_TOLD_REFUSALS) toldRefusals.add(line);
    printLine(line);
  }, { debug: flags.debug });
}

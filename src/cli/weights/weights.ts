/** `skein weights`: a subnet's weights; and one's own: set, and revealed where the subnet keeps them secret for a while. */
import { Command } from "@commander-js/extra-typings";
import { HOTKEY_FLAG, JSON_FLAG, NETUID_FLAG, WALLET_FLAG, WALLET_PATH_FLAG } from "../chain_flags.ts";
import { atChain } from "../chain_session.ts";
import { groupOf } from "../command_group.ts";
import { CHAIN_FLAG } from "../flags.ts";
import { scoreFlag } from "./scores.ts";

const HOME_FLAG = [
  "--home <dir>",
  "where commits wait for their reveal, such as a validator's home (default: weights/HOTKEY in the data directory)",
] as const;

export const weightsCommand = (finish: (code: number) => void) => {
  const show = new Command("show").description("show a subnet's weights")
    .option(...CHAIN_FLAG).option(...NETUID_FLAG).option(...JSON_FLAG)
    .action((flags) =>
      atChain(
        flags,
        async (session) => (await import("./show_weights.ts")).printWeights(flags, session),
        finish,
      )
    );
  const set = new Command("set").alias("commit").description(
    "set the hotkey's weights as the subnet demands: plainly, locked until the chain opens them, or by a commit to reveal",
  )
    .option(...CHAIN_FLAG).option(...NETUID_FLAG)
    .option("--uid <uid=score>", "a neuron's score, of any scale; repeatable", scoreFlag)
    .option("--file <file>", 'scores as JSON: {"3": 0.7, "4": 0.3}')
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...WALLET_PATH_FLAG).option(...HOME_FLAG)
    .option(...JSON_FLAG)
    .action((flags) =>
      atChain(
        flags,
        async (session) => (await import("./set_weights.ts")).setWeights(flags, session),
        finish,
      )
    );
  const reveal = new Command("reveal").description("reveal committed weights that are due")
    .option(...CHAIN_FLAG).option("--wait", "stay until all of them are revealed", false)
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...WALLET_PATH_FLAG).option(...HOME_FLAG)
    .option(...JSON_FLAG)
    .action((flags) =>
      atChain(
        flags,
        async (session) => (await import("./reveal_weights.ts")).revealWeights(flags, session),
        finish,
      )
    );
  return groupOf(new Command("weights").description("show, set and reveal weights"), [show, set, reveal]);
};

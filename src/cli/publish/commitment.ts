/** `skein commitment`: a few bytes that a hotkey publishes on the chain. */
import { Command } from "@commander-js/extra-typings";
import { HOTKEY_FLAG, JSON_FLAG, NETUID_FLAG, WALLET_FLAG, WALLET_PATH_FLAG } from "../chain_flags.ts";
import { atChain } from "../chain_session.ts";
import { groupOf } from "../command_group.ts";
import { CHAIN_FLAG } from "../flags.ts";

export const commitmentCommand = (finish: (code: number) => void) => {
  const load = () => import("./publish_commitment.ts");
  const set = new Command("set").description("publish a text, bytes or a small file for the wallet's hotkey")
    .option(...CHAIN_FLAG).option(...NETUID_FLAG)
    .option("--text <text>", "as UTF-8").option("--hex <digits>", "as bytes").option(
      "--file <file>",
      "as it is",
    )
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...WALLET_PATH_FLAG).option(...JSON_FLAG)
    .action((flags) =>
      atChain(flags, async (session) => (await load()).setCommitment(flags, session), finish)
    );
  const show = new Command("show").description("show what a subnet's neurons have published")
    .option(...CHAIN_FLAG).option(...NETUID_FLAG)
    .option("--address <ss58>", "this hotkey's alone").option(...JSON_FLAG)
    .action((flags) =>
      atChain(flags, async (session) => (await load()).printCommitments(flags, session), finish)
    );
  return groupOf(new Command("commitment").description("publish a few bytes on the chain, read others'"), [
    set,
    show,
  ]);
};

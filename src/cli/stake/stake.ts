/** `skein stake`: put TAO on a hotkey, take it back, see what is where. */
import { Command } from "@commander-js/extra-typings";
import {
  AMOUNT_FLAG,
  HOTKEY_FLAG,
  JSON_FLAG,
  NETUID_FLAG,
  WALLET_FLAG,
  WALLET_PATH_FLAG,
  YES_FLAG,
} from "../chain_flags.ts";
import { atChain } from "../chain_session.ts";
import { groupOf } from "../command_group.ts";
import { CHAIN_FLAG } from "../flags.ts";

const OTHER_HOTKEY = [
  "--hotkey-address <ss58>",
  "somebody's hotkey, instead of one of the wallet's",
] as const;

export const stakeCommand = (finish: (code: number) => void) => {
  const load = () => import("./move_stake.ts");
  const add = new Command("add").description("stake on a hotkey in a subnet; the wallet's coldkey pays")
    .option(...CHAIN_FLAG).option(...NETUID_FLAG).requiredOption(...AMOUNT_FLAG)
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...OTHER_HOTKEY).option(...WALLET_PATH_FLAG)
    .option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) => atChain(flags, async (session) => (await load()).addStake(flags, session), finish));
  const remove = new Command("remove").description("take stake back from a hotkey in a subnet")
    .option(...CHAIN_FLAG).option(...NETUID_FLAG)
    .option("--amount <n>", "how much of the subnet's token, with at most 9 decimals", AMOUNT_FLAG[2])
    .option("--all", "all that the wallet has on it", false)
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...OTHER_HOTKEY).option(...WALLET_PATH_FLAG)
    .option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) => atChain(flags, async (session) => (await load()).removeStake(flags, session), finish));
  const list = new Command("list").description("list what a coldkey has staked")
    .option(...CHAIN_FLAG).option(...WALLET_FLAG).option(...WALLET_PATH_FLAG)
    .option("--address <ss58>", "this coldkey instead of the wallet's").option(...JSON_FLAG)
    .action((flags) =>
      atChain(
        flags,
        async (session) => (await import("./list_stakes.ts")).printStakes(flags, session),
        finish,
      )
    );
  return groupOf(
    new Command("stake").description("stake TAO on hotkeys, take it back, list it"),
    [add, remove, list],
  );
};

/** `skein stake`: put TAO on a hotkey, take it back, see what is where. */
import { Command } from "@commander-js/extra-typings";
import {
  AMOUNT_FLAG,
  HOTKEY_FLAG,
  JSON_FLAG,
  NETUID_FLAG,
  OTHER_HOTKEY_FLAG,
  WALLET_FLAG,
  WALLET_PATH_FLAG,
  YES_FLAG,
} from "../chain_flags.ts";
import { atChain } from "../chain_session.ts";
import { groupOf } from "../command_group.ts";
import { CHAIN_FLAG, integerFlag } from "../flags.ts";

const ALPHA_AMOUNT = [
  "--amount <n>",
  "how much of the subnet's token, with at most 9 decimals",
  AMOUNT_FLAG[2],
] as const;
const ALL = ["--all", "all that the wallet has on it", false] as const;
const TO_NETUID = [
  "--to-netuid <n>",
  "subnet to move it to (default: the same)",
  integerFlag(0, 65535),
] as const;

export const stakeCommand = (finish: (code: number) => void) => {
  const load = () => import("./move_stake.ts");
  const add = new Command("add").description("stake on a hotkey in a subnet; the wallet's coldkey pays")
    .option(...CHAIN_FLAG).option(...NETUID_FLAG).requiredOption(...AMOUNT_FLAG)
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...OTHER_HOTKEY_FLAG).option(...WALLET_PATH_FLAG)
    .option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) => atChain(flags, async (session) => (await load()).addStake(flags, session), finish));
  const remove = new Command("remove").description("take stake back from a hotkey in a subnet")
    .option(...CHAIN_FLAG).option(...NETUID_FLAG)
    .option(...ALPHA_AMOUNT).option(...ALL)
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...OTHER_HOTKEY_FLAG).option(...WALLET_PATH_FLAG)
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
    new Command("stake").description("stake TAO on hotkeys, take it back, move it, list it"),
    [add, remove, ...moving(finish), list],
  );
};

function moving(finish: (code: number) => void) {
  const load = () => import("./relocate_stake.ts");
  const move = new Command("move").description("move stake to another hotkey or subnet")
    .option(...CHAIN_FLAG).option(...NETUID_FLAG).option(...ALPHA_AMOUNT).option(...ALL)
    .option("--to-hotkey-address <ss58>", "hotkey to move it to (default: the same)").option(...TO_NETUID)
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...OTHER_HOTKEY_FLAG).option(...WALLET_PATH_FLAG)
    .option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) => atChain(flags, async (session) => (await load()).moveStake(flags, session), finish));
  const transfer = new Command("transfer").description(
    "give stake to another coldkey; it stays on its hotkey",
  )
    .option(...CHAIN_FLAG).option(...NETUID_FLAG).option(...ALPHA_AMOUNT).option(...ALL)
    .requiredOption("--to <ss58>", "coldkey that gets it").option(...TO_NETUID)
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...OTHER_HOTKEY_FLAG).option(...WALLET_PATH_FLAG)
    .option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) =>
      atChain(flags, async (session) => (await load()).transferStake(flags, session), finish)
    );
  return [move, transfer];
}

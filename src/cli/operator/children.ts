/** `skein children`: hotkeys that one's stake counts for in a subnet. */
import { Command } from "@commander-js/extra-typings";
import {
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
import { CHAIN_FLAG } from "../flags.ts";
import { childFlag, takeFlag } from "./percent.ts";

export const childrenCommand = (finish: (code: number) => void) => {
  const load = () => import("./set_children.ts");
  const show = new Command("show").description("show a hotkey's child keys and parents in a subnet")
    .option(...CHAIN_FLAG).option(...NETUID_FLAG)
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...OTHER_HOTKEY_FLAG).option(...WALLET_PATH_FLAG)
    .option(...JSON_FLAG)
    .action((flags) => atChain(flags, async (session) => (await load()).printFamily(flags, session), finish));
  const set = new Command("set").description(
    "let parts of the hotkey's stake count for other hotkeys; these take the place of all children before",
  )
    .option(...CHAIN_FLAG).option(...NETUID_FLAG)
    .option(
      "--child <ss58=percent>",
      "a child and its share of the stake; repeatable, five at most",
      childFlag,
    )
    .option("--none", "have no children", false)
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...WALLET_PATH_FLAG)
    .option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) => atChain(flags, async (session) => (await load()).setChildren(flags, session), finish));
  const take = new Command("take").description(
    "set what the hotkey keeps, as a child, of what its parents' stake earns",
  )
    .option(...CHAIN_FLAG).option(...NETUID_FLAG).requiredOption("--take <percent>", "its take", takeFlag)
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...WALLET_PATH_FLAG)
    .option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) =>
      atChain(flags, async (session) => (await load()).setChildTake(flags, session), finish)
    );
  return groupOf(new Command("children").description("child keys: hotkeys that one's stake counts for"), [
    show,
    set,
    take,
  ]);
};

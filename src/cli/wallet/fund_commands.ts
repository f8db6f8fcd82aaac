/** The wallet's commands that speak with a chain. */
import { Command } from "@commander-js/extra-typings";
import {
  AMOUNT_FLAG,
  HOTKEY_FLAG,
  JSON_FLAG,
  OTHER_HOTKEY_FLAG,
  WALLET_FLAG,
  WALLET_PATH_FLAG,
  YES_FLAG,
} from "../chain_flags.ts";
import { atChain } from "../chain_session.ts";
import { CHAIN_FLAG, integerFlag } from "../flags.ts";

const FUND_RAO = 2_000_000_000_000n;

export function fundCommands(finish: (code: number) => void) {
  const load = () => import("./funds.ts");
  const balance = new Command("balance").description("show the coldkey's free TAO; needs no password")
    .option(...CHAIN_FLAG).option(...WALLET_FLAG).option(...WALLET_PATH_FLAG)
    .option("--address <ss58>", "of this account instead").option(...JSON_FLAG)
    .action((flags) =>
      atChain(flags, async (session) => (await load()).printBalance(flags, session), finish)
    );
  const transfer = new Command("transfer").description("send TAO from the coldkey to an account")
    .option(...CHAIN_FLAG).requiredOption("--to <ss58>", "who gets it").requiredOption(...AMOUNT_FLAG)
    .option(...WALLET_FLAG).option(...WALLET_PATH_FLAG).option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) => atChain(flags, async (session) => (await load()).transfer(flags, session), finish));
  const fund = new Command("fund").description("on a local chain: get play money from //Alice")
    .option(...CHAIN_FLAG).option(AMOUNT_FLAG[0], `${AMOUNT_FLAG[1]} (default: 2000)`, AMOUNT_FLAG[2])
    .option(...WALLET_FLAG).option(...WALLET_PATH_FLAG)
    .option("--address <ss58>", "for this account instead").option(...JSON_FLAG)
    .action((flags) =>
      atChain(
        flags,
        async (session) => (await load()).fund({ ...flags, amount: flags.amount ?? FUND_RAO }, session),
        finish,
      )
    );
  const swap = new Command("swap-hotkey").description("put another hotkey of the wallet in a hotkey's place")
    .option(...CHAIN_FLAG).requiredOption("--new-hotkey <name>", "hotkey that takes its place")
    .option("--netuid <n>", "in this subnet alone (default: in all)", integerFlag(0, 65535))
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...OTHER_HOTKEY_FLAG).option(...WALLET_PATH_FLAG)
    .option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) =>
      atChain(
        flags,
        async (session) => (await import("./swap_hotkey.ts")).swapHotkey(flags, session),
        finish,
      )
    );
  return [balance, transfer, fund, swap];
}

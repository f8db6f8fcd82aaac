/** `skein delegate`: a hotkey as one that others stake on. */
import { Command } from "@commander-js/extra-typings";
import {
  type AccountFlags,
  addressOf,
  HOTKEY_FLAG,
  hotkeyAddressOf,
  JSON_FLAG,
  OTHER_HOTKEY_FLAG,
  WALLET_FLAG,
  WALLET_PATH_FLAG,
  YES_FLAG,
} from "../chain_flags.ts";
import { chainError } from "../../chain/errors.ts";
import { answer, atChain, type ChainSession } from "../chain_session.ts";
import { groupOf } from "../command_group.ts";
import { cliError } from "../errors.ts";
import { CHAIN_FLAG } from "../flags.ts";
import { confirmAndSend, type RequestFlags } from "./confirm_request.ts";
import { takeFlag, takeText } from "./percent.ts";

export const delegateCommand = (finish: (code: number) => void) => {
  const show = new Command("show").description("show what a hotkey's owner keeps of its stakers' earnings")
    .option(...CHAIN_FLAG)
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...OTHER_HOTKEY_FLAG).option(...WALLET_PATH_FLAG)
    .option(...JSON_FLAG)
    .action((flags) => atChain(flags, (session) => printDelegation(flags, session), finish));
  const take = new Command("take").description(
    "set what the owner keeps: lower at any time, higher only so often",
  )
    .option(...CHAIN_FLAG).requiredOption("--take <percent>", "the take", takeFlag)
    .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...WALLET_PATH_FLAG)
    .option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) => atChain(flags, (session) => setTake(flags, session), finish));
  return groupOf(new Command("delegate").description("the take of a hotkey that others stake on"), [
    show,
    take,
  ]);
};

export async function printDelegation(
  flags: AccountFlags & { hotkeyAddress?: string; json: boolean },
  session: ChainSession,
): Promise<void> {
  const hotkey = await hotkeyAddressOf(flags, session.terminal);
  const { owner, ...found } = await session.chain.operator.delegation(hotkey);
  const whose = owner === undefined ? "nobody's: it was never registered" : `of coldkey ${owner}`;
  answer(
    session,
    flags,
    { hotkey, owner: owner ?? null, ...found },
    `${hotkey} is ${whose}\nit keeps ${takeText(found.take)} of what its stakers earn ` +
      `(${takeText(found.leastTake)} to ${takeText(found.mostTake)} are allowed)` +
      (found.raisableAtBlock === 0 ? "" : `\nthe take can be raised from block ${found.raisableAtBlock} on`),
  );
}

/** @throws {SkeinError} `cli/bad-flags`, and those of `confirmAndSend` */
export async function setTake(
  flags: RequestFlags & { take: number },
  session: ChainSession,
): Promise<void> {
  const { take } = flags;
  const hotkey = await addressOf("hotkey", flags, session.terminal);
  const now = await session.chain.operator.delegation(hotkey);
  if (take < now.leastTake || take > now.mostTake) {
    throw cliError(
      "cli/bad-flags",
      `set take: ${takeText(take)}, ${takeText(now.leastTake)} to ${
        takeText(now.mostTake)
      } are required, name another`,
    );
  }
  if (take === now.take) {
    const record = { hotkey, take, before: true };
    return answer(session, flags, record, `${hotkey} keeps ${takeText(take)} already`);
  }
  const kind = take > now.take ? "raise-take" : "lower-take";
  const block = session.chain.block();
  if (kind === "raise-take" && block + 1 < now.raisableAtBlock) {
    throw chainError(
      "chain/too-soon",
      `raise take of ${hotkey}: it is block ${block}, ${now.raisableAtBlock} or later is required, wait for it`,
      { block: now.raisableAtBlock },
    );
  }
  const sent = await confirmAndSend(session, flags, { kind, hotkey, take });
  answer(
    session,
    flags,
    { hotkey, take, before: false, ...sent },
    `${hotkey} keeps ${takeText(take)} of what its stakers earn; before, it was ${takeText(now.take)}`,
  );
}

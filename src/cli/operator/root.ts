/** `skein root`: a place on the root network, and what stake there has earned. */
import { Command } from "@commander-js/extra-typings";
import {
  addressOf,
  HOTKEY_FLAG,
  JSON_FLAG,
  WALLET_FLAG,
  WALLET_PATH_FLAG,
  YES_FLAG,
} from "../chain_flags.ts";
import { answer, atChain, type ChainSession } from "../chain_session.ts";
import { groupOf } from "../command_group.ts";
import { CHAIN_FLAG, integerFlag } from "../flags.ts";
import { confirmAndSend, type RequestFlags } from "./confirm_request.ts";

const ROOT_NETUID = 0;
const netuidOf = integerFlag(1, 65535);
const netuidsFlag = (text: string, before: readonly number[] | undefined): readonly number[] => [
  ...new Set([...before ?? [], netuidOf(text)]),
];

export const rootCommand = (finish: (code: number) => void) => {
  const register = new Command("register").description(
    "register the hotkey on the root network, by its stake there",
  )
    .option(...CHAIN_FLAG).option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...WALLET_PATH_FLAG)
    .option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) => atChain(flags, (session) => registerOnRoot(flags, session), finish));
  const claim = new Command("claim").description(
    "claim what the coldkey's stake on root has earned in subnets",
  )
    .option(...CHAIN_FLAG).requiredOption("--netuid <n>", "subnet; repeatable", netuidsFlag)
    .option(...WALLET_FLAG).option(...WALLET_PATH_FLAG).option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) => atChain(flags, (session) => claimRoot(flags, session), finish));
  return groupOf(new Command("root").description("the root network: join it, claim what was earned there"), [
    register,
    claim,
  ]);
};

/** @throws {SkeinError} those of `confirmAndSend` */
export async function registerOnRoot(flags: RequestFlags, session: ChainSession): Promise<void> {
  const { chain, terminal } = session;
  const hotkey = await addressOf("hotkey", flags, terminal);
  const before = await chain.isRegistered(ROOT_NETUID, hotkey);
  if (before !== undefined) {
    const record = { hotkey, uid: before, before: true };
    return answer(session, flags, record, `${hotkey} is on the root network as uid ${before} already`);
  }
  const sent = await confirmAndSend(session, flags, { kind: "register-on-root", hotkey });
  const uid = await chain.isRegistered(ROOT_NETUID, hotkey);
  answer(
    session,
    flags,
    { hotkey, uid: uid ?? null, before: false, ...sent },
    `${hotkey} is on the root network as uid ${uid}`,
  );
}

/** @throws {SkeinError} `chain/unsupported-runtime` before such claims were, and those of `confirmAndSend` */
export async function claimRoot(
  flags: RequestFlags & { netuid: readonly number[] },
  session: ChainSession,
): Promise<void> {
  const netuids = flags.netuid;
  const sent = await confirmAndSend(session, flags, { kind: "claim-root", netuids });
  answer(
    session,
    flags,
    { netuids, ...sent },
    `claimed in subnets ${netuids.join(", ")}; see: skein stake list`,
  );
}

/** `skein axon`: where a neuron can be reached. */
import { Command } from "@commander-js/extra-typings";
import {
  type AccountFlags,
  HOTKEY_FLAG,
  JSON_FLAG,
  loadKey,
  NETUID_FLAG,
  WALLET_FLAG,
  WALLET_PATH_FLAG,
} from "../chain_flags.ts";
import { answer, atChain, type ChainSession } from "../chain_session.ts";
import { groupOf } from "../command_group.ts";
import { CHAIN_FLAG, integerFlag } from "../flags.ts";

export const axonCommand = (finish: (code: number) => void) =>
  groupOf(new Command("axon").description("tell the chain where a neuron can be reached"), [
    new Command("set").alias("serve").description("publish an address for the wallet's hotkey")
      .option(...CHAIN_FLAG).option(...NETUID_FLAG)
      .requiredOption("--ip <address>", "IPv4 or IPv6 address that others reach")
      .requiredOption("--port <port>", "its port", integerFlag(1, 65535))
      .option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...WALLET_PATH_FLAG).option(...JSON_FLAG)
      .action((flags) => atChain(flags, (session) => setAxon(flags, session), finish)),
  ]);

/** @throws {SkeinError} `chain/bad-address`, those of `loadKey` and of calls */
export async function setAxon(
  flags: AccountFlags & { netuid: number; ip: string; port: number; json: boolean },
  session: ChainSession,
): Promise<void> {
  const { netuid, ip, port } = flags;
  const hotkey = await loadKey("hotkey", flags, session.terminal);
  await session.chain.serveAxon(netuid, hotkey.pair, { ip, port });
  answer(
    session,
    flags,
    { netuid, hotkey: hotkey.ss58, ip, port },
    `${hotkey.ss58} can be reached at ${ip} port ${port}, says subnet ${netuid} now`,
  );
}

/** `skein subnet create`, `start`. */
import { isSkeinError } from "../../base/errors.ts";
import { chainError } from "../../chain/errors.ts";
import { formatTao } from "../amount.ts";
import { type AccountFlags, addressOf, loadKey } from "../chain_flags.ts";
import { answer, type ChainSession, reachBlock } from "../chain_session.ts";
import { confirmSpending, type SpendingFlags } from "../confirm_spending.ts";

/** @throws {SkeinError} those of `confirmSpending`, `loadKey` and `ChainClient.createSubnet` */
export async function createSubnet(
  flags: AccountFlags & SpendingFlags & { json: boolean },
  session: ChainSession,
): Promise<void> {
  const { chain, terminal } = session;
  const [ss58, hotkey] = [
    await addressOf("coldkey", flags, terminal),
    await addressOf("hotkey", flags, terminal),
  ];
  const costRao = await chain.subnetCost();
  const spending = { what: `create a subnet with hotkey ${hotkey}`, costRao, ss58, wallet: flags.wallet };
  const { limit } = await confirmSpending(session, spending, flags);
  const coldkey = await loadKey("coldkey", flags, terminal);
  const netuid = await chain.createSubnet(coldkey.pair, hotkey, { limit });
  const freeRao = await chain.balance(ss58);
  answer(
    session,
    flags,
    { netuid, owner: ss58, hotkey, costRao, freeRao },
    `subnet ${netuid} is founded, ${hotkey} has uid 0 in it; ${formatTao(freeRao)} TAO are left\n` +
      `start its emission with: skein subnet start --wait --netuid ${netuid} --wallet ${flags.wallet}`,
  );
}

/** @throws {SkeinError} those of `loadKey` and `ChainClient.startSubnet`, the usual refusals with advice */
export async function startSubnet(
  flags: AccountFlags & { netuid: number; wait?: boolean; json: boolean },
  session: ChainSession,
): Promise<void> {
  const { chain, terminal } = session;
  const { netuid } = flags;
  const subnet = await chain.subnet(netuid);
  if (!subnet.isStarted) {
    const coldkey = await loadKey("coldkey", flags, terminal);
    if (flags.wait) {
      const block = await chain.operator.startableAtBlock(netuid);
      // A call is included one block after the head that we see, at the earliest.
      if (chain.block() + 1 < block) {
        terminal.tell(`subnet ${netuid} can be started from block ${block} on; waiting`);
      }
      await reachBlock(session, block - 1);
    }
    await chain.startSubnet(netuid, coldkey.pair).catch((error) => {
      throw advised(error, netuid);
    });
  }
  answer(
    session,
    flags,
    { netuid, started: true, before: subnet.isStarted },
    subnet.isStarted ? `subnet ${netuid} was started before` : `subnet ${netuid} is started`,
  );
}

const ADVICE: Readonly<Record<string, string>> = {
  NotSubnetOwner: "the wallet's coldkey is not its owner, name the owner's with --wallet",
};

function advised(error: unknown, netuid: number): unknown {
  if (!isSkeinError(error, "chain/call-failed")) return error;
  const advice = Object.entries(ADVICE).find(([name]) => String(error.payload.error).endsWith(`.${name}`))
    ?.[1];
  return advice === undefined
    ? error
    : chainError("chain/call-failed", `start subnet ${netuid}: ${advice}`, error.payload, error);
}

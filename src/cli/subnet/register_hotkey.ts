/** `skein subnet register`: a place in a subnet for the wallet's hotkey, bought by its coldkey. */
import { formatTao } from "../amount.ts";
import { type AccountFlags, addressOf, loadKey } from "../chain_flags.ts";
import { answer, type ChainSession } from "../chain_session.ts";
import { confirmSpending, type SpendingFlags } from "../confirm_spending.ts";

/** A hotkey that is registered costs nothing again. @throws {SkeinError} those of `confirmSpending` and `ChainClient.register` */
export async function registerHotkey(
  flags: AccountFlags & SpendingFlags & { netuid: number; json: boolean },
  session: ChainSession,
): Promise<void> {
  const { chain, terminal } = session;
  const { netuid } = flags;
  const hotkey = await addressOf("hotkey", flags, terminal);
  await chain.subnet(netuid);
  const before = await chain.isRegistered(netuid, hotkey);
  if (before !== undefined) {
    const record = { netuid, hotkey, uid: before, costRao: 0n, before: true };
    return answer(session, flags, record, `${hotkey} is in subnet ${netuid} as uid ${before} already`);
  }
  const ss58 = await addressOf("coldkey", flags, terminal);
  const costRao = await chain.registrationCost(netuid);
  const spending = { what: `register ${hotkey} in subnet ${netuid}`, costRao, ss58, wallet: flags.wallet };
  const { limit } = await confirmSpending(session, spending, flags);
  const coldkey = await loadKey("coldkey", flags, terminal);
  const uid = await chain.register(netuid, coldkey.pair, hotkey, { limit });
  const freeRao = await chain.balance(ss58);
  answer(
    session,
    flags,
    { netuid, hotkey, uid, costRao, freeRao, before: false },
    `${hotkey} is in subnet ${netuid} as uid ${uid}; ${formatTao(freeRao)} TAO are left`,
  );
}

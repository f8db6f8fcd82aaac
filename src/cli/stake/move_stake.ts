/** `skein stake add`, `remove`. */
import { formatTao } from "../amount.ts";
import { type AccountFlags, addressOf, hotkeyAddressOf, loadKey } from "../chain_flags.ts";
import { answer, type ChainSession } from "../chain_session.ts";
import { confirmSpending } from "../confirm_spending.ts";
import { cliError } from "../errors.ts";

export interface StakeFlags extends AccountFlags {
  readonly netuid: number;
  readonly hotkeyAddress?: string;
  readonly json: boolean;
}

/** @throws {SkeinError} those of `confirmSpending`, `loadKey` and `ChainClient.addStake` */
export async function addStake(
  flags: StakeFlags & { amount: bigint; yes: boolean },
  session: ChainSession,
): Promise<void> {
  const { chain, terminal } = session;
  const { netuid, amount, yes } = flags;
  const hotkey = await hotkeyAddressOf(flags, terminal);
  const ss58 = await addressOf("coldkey", flags, terminal);
  const spending = {
    what: `stake on ${hotkey} in subnet ${netuid}`,
    costRao: amount,
    ss58,
    wallet: flags.wallet,
  };
  await confirmSpending(session, spending, { yes });
  const coldkey = await loadKey("coldkey", flags, terminal);
  await chain.addStake(netuid, coldkey.pair, hotkey, amount);
  await tell(flags, session, { hotkey, ss58, done: `staked ${formatTao(amount)} TAO on ${hotkey}` });
}

/** @throws {SkeinError} `cli/bad-flags`, those of `loadKey` and `ChainClient.removeStake` */
export async function removeStake(
  flags: StakeFlags & { amount?: bigint; all: boolean },
  session: ChainSession,
): Promise<void> {
  const { chain, terminal } = session;
  const { netuid } = flags;
  if ((flags.amount === undefined) !== flags.all) {
    throw cliError("cli/bad-flags", "unstake: one of --amount and --all is required");
  }
  const hotkey = await hotkeyAddressOf(flags, terminal);
  const ss58 = await addressOf("coldkey", flags, terminal);
  const held = await stakedOn(session, ss58, netuid, hotkey);
  const amount = flags.amount ?? held;
  if (amount === 0n || amount > held) {
    throw cliError(
      "cli/bad-flags",
      `unstake from ${hotkey} in subnet ${netuid}: ${ss58} has ${formatTao(held)} on it, ${
        amount === 0n ? "something" : formatTao(amount)
      } is required, see: skein stake list`,
    );
  }
  const coldkey = await loadKey("coldkey", flags, terminal);
  await chain.removeStake(netuid, coldkey.pair, hotkey, amount);
  await tell(flags, session, { hotkey, ss58, done: `took ${formatTao(amount)} back from ${hotkey}` });
}

async function stakedOn({ chain }: ChainSession, ss58: string, netuid: number, hotkey: string) {
  const stakes = await chain.stakes(ss58);
  return stakes.find((each) => each.netuid === netuid && each.hotkey === hotkey)?.amount ?? 0n;
}

async function tell(
  flags: StakeFlags,
  session: ChainSession,
  { hotkey, ss58, done }: { hotkey: string; ss58: string; done: string },
): Promise<void> {
  const { netuid } = flags;
  const stake = await stakedOn(session, ss58, netuid, hotkey);
  const freeRao = await session.chain.balance(ss58);
  answer(
    session,
    flags,
    { netuid, hotkey, coldkey: ss58, stakeRao: stake, freeRao },
    `${done} in subnet ${netuid}: ${formatTao(stake)} are there now, ${formatTao(freeRao)} TAO are free`,
  );
}

/** `skein stake list`. */
import type { Stake } from "../../chain/stakes.ts";
import { formatTao } from "../amount.ts";
import { type AccountFlags, addressOf } from "../chain_flags.ts";
import { answer, type ChainSession } from "../chain_session.ts";
import { alignColumns } from "../columns.ts";

export async function printStakes(
  flags: AccountFlags & { address?: string; json: boolean },
  session: ChainSession,
): Promise<void> {
  const { chain, terminal } = session;
  const coldkey = flags.address ?? await addressOf("coldkey", flags, terminal);
  const stakes = await chain.stakes(coldkey);
  const record = {
    coldkey,
    stakes: stakes.map(({ amount, stakersEmission, ...stake }) => ({
      ...stake,
      stakeRao: amount,
      stakersEmissionRao: stakersEmission,
    })),
  };
  answer(session, flags, record, renderStakes(coldkey, stakes));
}

/** Amounts are of each subnet's token; of TAO on the root network, 0. */
export function renderStakes(coldkey: string, stakes: readonly Stake[]): string {
  if (stakes.length === 0) return `${coldkey} has staked nothing`;
  const rows = stakes.map(({ netuid, hotkey, amount, stakersEmission, isRegistered }) => [
    String(netuid),
    hotkey,
    isRegistered ? "yes" : "no",
    formatTao(amount),
    formatTao(stakersEmission),
  ]);
  return `${coldkey}\n${
    alignColumns(["netuid", "hotkey", "registered", "stake", "all stakers got"], rows, 3)
  }`;
}

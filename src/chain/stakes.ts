/** What a coldkey has staked, from the runtime's own answer. */
import { callRuntime, type ChainView } from "./chain_view.ts";
import { unsupported } from "./runtime.ts";

export interface Stake {
  readonly netuid: number;
  readonly hotkey: string;
  /** In 10⁻⁹ of the subnet's token; of TAO on the root network. */
  readonly amount: bigint;
  /** What the last epoch paid to the hotkey's stakers. */
  readonly emission: bigint;
  readonly isRegistered: boolean;
}

/** @throws {SkeinError} `chain/unsupported-runtime` */
export async function readStakes(view: ChainView, coldkey: string): Promise<Stake[]> {
  const answer: any = await callRuntime(view, "stakeInfoRuntimeApi", ["getStakeInfoForColdkey"], [coldkey]);
  if (answer === undefined) throw unsupported(view.api, "runtime API getStakeInfoForColdkey");
  return [...answer].map((each) => ({
    netuid: Number(each.netuid),
    hotkey: String(each.hotkey),
    amount: BigInt(each.stake),
    emission: BigInt(each.emission),
    isRegistered: each.isRegistered.isTrue,
  }));
}

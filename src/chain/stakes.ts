/** What a coldkey has staked, from the runtime's own answer. */
import { callRuntime, type ChainView } from "./chain_view.ts";
import { unsupported } from "./runtime.ts";

export interface Stake {
  readonly netuid: number;
  readonly hotkey: string;
  /** In 10⁻⁹ of the subnet's token; of TAO on the root network. */
  readonly amount: bigint;
  /** What the last epoch paid to all stakers of the hotkey together; a part of the neuron's emission in the metagraph. */
  readonly stakersEmission: bigint;
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
    stakersEmission: BigInt(each.emission),
    isRegistered: each.isRegistered.isTrue,
  }));
}

/** What all neurons of a subnet have, a list a field, an element a uid. */
import { accountId } from "../../pallets/common_types.ts";
import * as at from "../../pallets/subtensor/storage.ts";
import type { StorageEntry } from "../../pallets/storage_entry.ts";
import { vec } from "../../../scale/composite_types.ts";
import { bool, compact, u16, u64 } from "../../../scale/primitive_types.ts";
import type { ScaleType } from "../../../scale/scale_type.ts";
import { alphaStakeOf, type SubnetView, taoStakeOf, weighedStakeOf } from "./subnet_view.ts";
import type { ViewField } from "./view.ts";

type Field = ViewField<SubnetView>;
const list = <V>(of: ScaleType<V>, entry: StorageEntry<[number], V[]>): Field => [
  vec(of),
  (s) => s.value(entry),
];
const amounts = (of: (neuron: SubnetView["neurons"][number]) => bigint): Field => [
  vec(compact(u64)),
  (s) => s.neurons.map(of),
];
const c16 = compact(u16);
const c64 = compact(u64);

export const neuronListFields = {
  hotkeys: [vec(accountId), (s: SubnetView) => s.neurons.map(({ hotkey }) => hotkey)] as Field,
  coldkeys: [vec(accountId), (s: SubnetView) => s.neurons.map(({ coldkey }) => coldkey)] as Field,
  active: list(bool, at.Active),
  validator_permit: list(bool, at.ValidatorPermit),
  pruning_score: list(c16, at.PruningScores),
  last_update: list(c64, at.LastUpdate),
  emission: list(c64, at.Emission),
  dividends: list(c16, at.Dividends),
  incentives: list(c16, at.Incentive),
  consensus: list(c16, at.Consensus),
  trust: list(c16, at.Trust),
  rank: list(c16, at.Rank),
  block_at_registration: amounts(({ subnet, uid }) =>
    subnet.context.state.get(at.BlockAtRegistration, subnet.netuid, uid)
  ),
  alpha_stake: amounts(alphaStakeOf),
  tao_stake: amounts(taoStakeOf),
  total_stake: amounts(weighedStakeOf),
};

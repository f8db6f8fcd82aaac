/**
 * The metagraph: a subnet and all its neurons in one answer. The fields stand in the order in which a client that wants
 * only some of them counts them: field 0 is the netuid, 52 the hotkeys.
 */
import { accountId } from "../../pallets/common_types.ts";
import * as at from "../../pallets/subtensor/storage.ts";
import * as more from "../../pallets/subtensor/subnet_storage.ts";
import { option, struct, tuple, type Variant, variant, vec } from "../../../scale/composite_types.ts";
import { compact, u16, u64 } from "../../../scale/primitive_types.ts";
import type { AnyType, ScaleType } from "../../../scale/scale_type.ts";
import { alphaHigh, alphaLow, of16, of64, ofBool } from "./hyperparameters_view.ts";
import { neuronListFields } from "./neuron_lists.ts";
import type { RuntimeApiContext } from "./runtime_api.ts";
import { axonOf, existingSubnet, type NeuronView, type SubnetView, weighedStakeOf } from "./subnet_view.ts";
import {
  epochFields,
  identityField,
  movingPriceField,
  nameField,
  ownerFields,
  poolFields,
  registeredAtField,
  symbolField,
  zero,
} from "./token_fields.ts";
import { view, type ViewField, type ViewFields } from "./view.ts";

const c16 = compact(u16);
const c64 = compact(u64);
const path = "pallet_subtensor::rpc_info::metagraph";
const ACCOUNT = [{ name: "AccountId", type: accountId }];

const subnetFields: ViewFields<SubnetView> = {
  netuid: [c16, (s) => s.netuid],
  name: nameField,
  symbol: symbolField,
  identity: identityField,
  network_registered_at: registeredAtField,
  ...ownerFields,
  block: [c64, (s) => s.block],
  ...epochFields,
  subnet_emission: zero,
  ...poolFields,
  moving_price: movingPriceField,
};

const parameterFields: ViewFields<SubnetView> = {
  rho: of16(more.Rho),
  kappa: of16(more.Kappa),
  min_allowed_weights: of16(at.MinAllowedWeights),
  max_weights_limit: of16(at.MaxWeightsLimit),
  weights_version: of64(at.WeightsVersionKey),
  weights_rate_limit: of64(at.WeightsSetRateLimit),
  activity_cutoff: of16(at.ActivityCutoff),
  max_validators: of16(at.MaxAllowedValidators),
  num_uids: of16(at.SubnetworkN),
  max_uids: of16(at.MaxAllowedUids),
  burn: of64(at.Burn),
  difficulty: of64(more.Difficulty),
  registration_allowed: ofBool(at.NetworkRegistrationAllowed),
  pow_registration_allowed: ofBool(more.NetworkPowRegistrationAllowed),
  immunity_period: of16(at.ImmunityPeriod),
  min_difficulty: of64(more.MinDifficulty),
  max_difficulty: of64(more.MaxDifficulty),
  min_burn: of64(at.MinBurn),
  max_burn: of64(at.MaxBurn),
  adjustment_alpha: of64(more.AdjustmentAlpha),
  adjustment_interval: of16(more.AdjustmentInterval),
  target_regs_per_interval: of16(more.TargetRegistrationsPerInterval),
  max_regs_per_block: of16(more.MaxRegistrationsPerBlock),
  serving_rate_limit: of64(at.ServingRateLimit),
  commit_reveal_weights_enabled: ofBool(at.CommitRevealWeightsEnabled),
  commit_reveal_period: of64(more.RevealPeriodEpochs),
  liquid_alpha_enabled: ofBool(more.LiquidAlphaOn),
  alpha_high: alphaHigh,
  alpha_low: alphaLow,
  bonds_moving_avg: of64(more.BondsMovingAverage),
};

const { hotkeys, coldkeys, ...listsByUid } = neuronListFields;
const dividendsPerHotkey = (
  of: (subnet: SubnetView, hotkey: Uint8Array) => bigint,
): ViewField<SubnetView> => [
  vec(tuple(accountId, c64)),
  (subnet) => subnet.neurons.map(({ hotkey }) => [hotkey, of(subnet, hotkey)]),
];

const neuronFields: ViewFields<SubnetView> = {
  hotkeys,
  coldkeys,
  identities: [
    vec(option(more.chainIdentity)),
    (s) => s.neurons.map(({ coldkey }) => s.context.state.get(more.IdentitiesV2, coldkey)),
  ],
  axons: [vec(at.axonInfo), (s) => s.neurons.map(axonOf)],
  ...listsByUid,
  tao_dividends_per_hotkey: dividendsPerHotkey(({ context, netuid }, hotkey) =>
    context.state.get(more.TaoDividendsPerSubnet, netuid, hotkey)
  ),
  alpha_dividends_per_hotkey: dividendsPerHotkey(({ context, netuid }, hotkey) =>
    context.state.get(more.AlphaDividendsPerSubnet, netuid, hotkey)
  ),
};

const fields: ViewFields<SubnetView> = { ...subnetFields, ...parameterFields, ...neuronFields };
export const metagraph = view(`${path}::Metagraph`, fields, ACCOUNT);

/** Uids with a permit and a stake, the least stake first. */
function validators(subnet: SubnetView): number[] {
  const permits = subnet.value(at.ValidatorPermit);
  const stakeOf = new Map<NeuronView, bigint>();
  for (const neuron of subnet.neurons) {
    if (permits[neuron.uid]) stakeOf.set(neuron, weighedStakeOf(neuron));
  }
  return [...stakeOf].filter(([, stake]) => stake > 0n)
    .sort(([a, stakeA], [b, stakeB]) => stakeA < stakeB ? -1 : stakeA > stakeB ? 1 : a.uid - b.uid)
    .map(([{ uid }]) => uid);
}

const SELECTABLE = Object.entries({ ...fields, validators: [vec(c16), validators] } as typeof fields).slice(
  1,
);

/** An Option whose content may itself be none, so that undefined cannot stand for either. */
const selected = (of: AnyType): ScaleType<Variant> =>
  variant("Option", { None: [0], Some: [1, of] }, [{ name: "T", type: of }]);

export const selectiveMetagraph = struct(`${path}::SelectiveMetagraph`, {
  netuid: c16,
  ...Object.fromEntries(SELECTABLE.map(([name, [type]]) => [name, selected(type)])),
}, ACCOUNT);

/** Fields not asked for are none; the netuid not asked for is zero. Numbers of no field are passed over. */
export function readSelective(context: RuntimeApiContext, netuid: number, indexes: readonly number[]) {
  const subnet = existingSubnet(context, netuid);
  if (!subnet) return undefined;
  const wanted = new Set(indexes);
  const values = SELECTABLE.map(([name, [, read]], i) =>
    [name, wanted.has(i + 1) ? { name: "Some", value: read(subnet) } : { name: "None" }] as const
  );
  return { netuid: wanted.has(0) ? netuid : 0, ...Object.fromEntries(values) };
}

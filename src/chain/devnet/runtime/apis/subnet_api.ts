/** SubnetInfoRuntimeApi: subnets in the several forms that clients have asked for over time. */
import { accountId } from "../../pallets/common_types.ts";
import * as at from "../../pallets/subtensor/storage.ts";
import * as more from "../../pallets/subtensor/subnet_storage.ts";
import { array, option, vec } from "../../../scale/composite_types.ts";
import { compact, u16, u64 } from "../../../scale/primitive_types.ts";
import { hyperparameters, hyperparametersV2, of16, of64 } from "./hyperparameters_view.ts";
import { metagraph, readSelective, selectiveMetagraph } from "./metagraph_view.ts";
import { neuronListFields } from "./neuron_lists.ts";
import { method, type RuntimeApi } from "./runtime_api.ts";
import { allSubnets, existingSubnet, type SubnetView } from "./subnet_view.ts";
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
import { type View, view, type ViewFields } from "./view.ts";

const path = "pallet_subtensor::rpc_info";
const ACCOUNT = [{ name: "AccountId", type: accountId }];
const c16 = compact(u16);
const netuid: ViewFields<SubnetView> = { netuid: [c16, (s) => s.netuid] };

const before: ViewFields<SubnetView> = {
  ...netuid,
  rho: of16(more.Rho),
  kappa: of16(more.Kappa),
  difficulty: of64(more.Difficulty),
  immunity_period: of16(at.ImmunityPeriod),
  max_allowed_validators: of16(at.MaxAllowedValidators),
  min_allowed_weights: of16(at.MinAllowedWeights),
  max_weights_limit: of16(at.MaxWeightsLimit),
  scaling_law_power: of16(more.ScalingLawPower),
  subnetwork_n: of16(at.SubnetworkN),
  max_allowed_uids: of16(at.MaxAllowedUids),
  blocks_since_last_step: of64(more.BlocksSinceLastStep),
  tempo: of16(at.Tempo),
  network_modality: [c16, () => 0],
  network_connect: [vec(array(u16, 2)), () => []],
};
const after: ViewFields<SubnetView> = {
  burn: of64(at.Burn),
  owner: [accountId, (s) => s.value(at.SubnetOwner)],
};
const subnetInfo = view(
  `${path}::subnet_info::SubnetInfo`,
  { ...before, emission_values: zero, ...after },
  ACCOUNT,
);
const subnetInfoV2 = view(`${path}::subnet_info::SubnetInfov2`, {
  ...before,
  emission_value: zero,
  ...after,
  identity: identityField,
}, ACCOUNT);

const dynamicInfo = view(`${path}::dynamic_info::DynamicInfo`, {
  ...netuid,
  ...ownerFields,
  subnet_name: nameField,
  token_symbol: symbolField,
  ...epochFields,
  emission: zero,
  ...poolFields,
  network_registered_at: registeredAtField,
  subnet_identity: identityField,
  moving_price: movingPriceField,
}, ACCOUNT);

const subnetState = view(`${path}::show_subnet::SubnetState`, {
  ...netuid,
  ...neuronListFields,
  // A list for each subnet, of what each of this subnet's hotkeys got there last.
  emission_history: [
    vec(vec(compact(u64))),
    ({ context, neurons }) =>
      allSubnets(context).map((other) =>
        neurons.map(({ hotkey }) => context.state.get(more.LastHotkeyEmissionOnNetuid, hotkey, other.netuid))
      ),
  ],
}, ACCOUNT);

const one = (name: string, { optional, read }: View<SubnetView>) =>
  method(name, { netuid: u16 }, optional, ([netuid]: [number], context) => {
    const subnet = existingSubnet(context, netuid);
    return subnet && read(subnet);
  });
const all = (name: string, { optional, read }: View<SubnetView>) =>
  method(name, {}, vec(optional), (_, context) => allSubnets(context).map(read));

export const subnetInfoApi: RuntimeApi = {
  name: "SubnetInfoRuntimeApi",
  methods: [
    one("get_subnet_info", subnetInfo),
    all("get_subnets_info", subnetInfo),
    one("get_subnet_info_v2", subnetInfoV2),
    all("get_subnets_info_v2", subnetInfoV2),
    one("get_subnet_hyperparams", hyperparameters),
    one("get_subnet_hyperparams_v2", hyperparametersV2),
    all("get_all_dynamic_info", dynamicInfo),
    all("get_all_metagraphs", metagraph),
    one("get_metagraph", metagraph),
    one("get_dynamic_info", dynamicInfo),
    one("get_subnet_state", subnetState),
    method(
      "get_selective_metagraph",
      { netuid: u16, metagraph_indexes: vec(u16) },
      option(selectiveMetagraph),
      ([netuid, indexes]: [number, number[]], context) => readSelective(context, netuid, indexes),
    ),
  ],
};

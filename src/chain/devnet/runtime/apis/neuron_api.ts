/** NeuronInfoRuntimeApi: neurons one by one. The lite form leaves out what a neuron weighs and has bonds in. */
import { accountId } from "../../pallets/common_types.ts";
import * as at from "../../pallets/subtensor/storage.ts";
import { Prometheus, prometheusInfo } from "../../pallets/subtensor/subnet_storage.ts";
import type { StorageEntry } from "../../pallets/storage_entry.ts";
import { tuple, vec } from "../../../scale/composite_types.ts";
import { bool, compact, u16, u64 } from "../../../scale/primitive_types.ts";
import type { ValueOf } from "../../../scale/scale_type.ts";
import { method, type RuntimeApi } from "./runtime_api.ts";
import { alphaStakeOf, axonOf, existingSubnet, type NeuronView } from "./subnet_view.ts";
import { view, type ViewField, type ViewFields } from "./view.ts";

type Field = ViewField<NeuronView>;
const ACCOUNT = [{ name: "AccountId", type: accountId }];
const c16 = compact(u16);
const c64 = compact(u64);
const uidAndShare = vec(tuple(c16, c16));

const NO_PROMETHEUS: ValueOf<typeof prometheusInfo> = { block: 0n, version: 0, ip: 0n, port: 0, ip_type: 0 };

/** The neuron's element of a vector by uid, which epochs may not have filled yet. */
const share = (entry: StorageEntry<[number], number[]>): Field => [c16, byUid(entry, 0)];
const byUid = <V>(entry: StorageEntry<[number], V[]>, absent: V) => ({ subnet, uid }: NeuronView) =>
  subnet.value(entry)[uid] ?? absent;
const pairsOf =
  (entry: StorageEntry<[number, number], [number, number][]>) => ({ subnet, uid }: NeuronView) =>
    subnet.context.state.get(entry, subnet.netuid, uid).filter(([, share]) => share > 0);

const known: ViewFields<NeuronView> = {
  hotkey: [accountId, ({ hotkey }) => hotkey],
  coldkey: [accountId, ({ coldkey }) => coldkey],
  uid: [c16, ({ uid }) => uid],
  netuid: [c16, ({ subnet }) => subnet.netuid],
  active: [bool, byUid(at.Active, false)],
  axon_info: [at.axonInfo, axonOf],
  prometheus_info: [
    prometheusInfo,
    ({ subnet, hotkey }) => subnet.context.state.get(Prometheus, subnet.netuid, hotkey) ?? NO_PROMETHEUS,
  ],
  stake: [vec(tuple(accountId, c64)), (neuron) => [[neuron.coldkey, alphaStakeOf(neuron)]]],
  rank: share(at.Rank),
  emission: [c64, byUid(at.Emission, 0n)],
  incentive: share(at.Incentive),
  consensus: share(at.Consensus),
  trust: share(at.Trust),
  validator_trust: share(at.ValidatorTrust),
  dividends: share(at.Dividends),
  last_update: [c64, byUid(at.LastUpdate, 0n)],
  validator_permit: [bool, byUid(at.ValidatorPermit, false)],
};
const pruningScore = { pruning_score: share(at.PruningScores) };

const path = "pallet_subtensor::rpc_info::neuron_info";
const neuronLite = view(`${path}::NeuronInfoLite`, { ...known, ...pruningScore }, ACCOUNT);
const neuron = view(
  `${path}::NeuronInfo`,
  {
    ...known,
    weights: [uidAndShare, pairsOf(at.Weights)],
    bonds: [uidAndShare, pairsOf(at.Bonds)],
    ...pruningScore,
  },
  ACCOUNT,
);

const methodsOf = ({ type, optional, read }: typeof neuron, names: { one: string; all: string }) => [
  method(
    names.all,
    { netuid: u16 },
    vec(type),
    ([netuid]: [number], context) => (existingSubnet(context, netuid)?.neurons ?? []).map(read),
  ),
  method(names.one, { netuid: u16, uid: u16 }, optional, ([netuid, uid]: [number, number], context) => {
    const found = existingSubnet(context, netuid)?.neurons[uid];
    return found && read(found);
  }),
];

export const neuronInfo: RuntimeApi = {
  name: "NeuronInfoRuntimeApi",
  methods: [
    ...methodsOf(neuron, { all: "get_neurons", one: "get_neuron" }),
    ...methodsOf(neuronLite, { all: "get_neurons_lite", one: "get_neuron_lite" }),
  ],
};

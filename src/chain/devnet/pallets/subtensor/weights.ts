/** set_weights: a hotkey says what it thinks of its subnet's neurons. Stored as given, scaling is the client's. */
import { vec } from "../../scale/composite_types.ts";
import { u16, u64 } from "../../scale/primitive_types.ts";
import { call, type CallContext, type PalletPart, signerOf } from "../pallet.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import * as at from "./storage.ts";

interface Args {
  netuid: number;
  dests: number[];
  weights: number[];
  version_key: bigint;
}

function setWeights({ netuid, dests, weights, version_key }: Args, context: CallContext): void {
  const { state } = context;
  const hotkey = signerOf(context);
  if (state.get(at.CommitRevealWeightsEnabled, netuid)) throw refuse("CommitRevealEnabled");
  if (dests.length !== weights.length) throw refuse("WeightVecNotEqualSize");
  if (netuid === 0) throw refuse("CanNotSetRootNetworkWeights");
  const neuronCount = state.get(at.SubnetworkN, netuid);
  if (dests.length > neuronCount) throw refuse("UidsLengthExceedUidsInSubNet");
  const uid = state.get(at.Uids, netuid, hotkey);
  if (uid === undefined) throw refuse("HotKeyNotRegisteredInSubNet");
  if (version_key < state.get(at.WeightsVersionKey, netuid)) throw refuse("IncorrectWeightVersionKey");
  const block = BigInt(context.blockNumber);
  const lastUpdate = state.get(at.LastUpdate, netuid);
  if (block - lastUpdate[uid] < state.get(at.WeightsSetRateLimit, netuid)) {
    throw refuse("SettingWeightsTooFast");
  }
  if (!state.get(at.ValidatorPermit, netuid)[uid]) throw refuse("NeuronNoValidatorPermit");
  if (new Set(dests).size !== dests.length) throw refuse("DuplicateUids");
  if (dests.some((dest) => dest >= neuronCount)) throw refuse("UidVecContainInvalidOne");
  state.set(at.Weights, dests.map((dest, i): [number, number] => [dest, weights[i]]), netuid, uid);
  state.set(at.LastUpdate, lastUpdate.with(uid, block), netuid);
  context.deposit(SUBTENSOR, "WeightsSet", [netuid, uid]);
}

export const weights: PalletPart = {
  calls: [
    call(0, "set_weights", { netuid: u16, dests: vec(u16), weights: vec(u16), version_key: u64 }, setWeights),
  ],
  events: { WeightsSet: [5, [u16, u16]] },
};

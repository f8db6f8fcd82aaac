/**
 * set_weights: a hotkey says what it thinks of its subnet's neurons. The largest weight is scaled to 65535. Where a
 * subnet has commit-reveal on, weights come in by way of a commit only, and it was the commit that the rate limit held for.
 */
import { tuple, vec } from "../../../scale/composite_types.ts";
import { compact, u16, u64 } from "../../../scale/primitive_types.ts";
import { accountId, dispatchError } from "../common_types.ts";
import { call, type CallContext, DispatchFailure, type PalletPart, signerOf } from "../pallet.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import { totalStakeOf } from "./family.ts";
import { StakeThreshold } from "./stake_storage.ts";
import * as at from "./storage.ts";
import { isMaxLimited, maxUpscale } from "./weight_scaling.ts";

export interface SetWeights {
  readonly hotkey: Uint8Array;
  readonly netuid: number;
  readonly uids: readonly number[];
  readonly values: readonly number[];
  readonly versionKey: bigint;
}

interface Args {
  netuid: number;
  dests: number[];
  weights: number[];
  version_key: bigint;
}

interface BatchArgs {
  netuids: number[];
  weights: [uid: number, value: number][][];
  version_keys: bigint[];
}

/**
 * Checks and stores, however the weights came in. Nothing is written before the last check.
 * @throws {DispatchFailure}
 */
export function storeWeights(context: CallContext, weights: SetWeights): void {
  const { state } = context;
  const { netuid } = weights;
  const uid = checkSender(context, weights);
  const values = checkWeights(context, weights, uid);
  state.set(at.Weights, weights.uids.map((dest, i): [number, number] => [dest, values[i]]), netuid, uid);
  if (!state.get(at.CommitRevealWeightsEnabled, netuid)) touch(context, netuid, uid);
  context.deposit(SUBTENSOR, "WeightsSet", [netuid, uid]);
}

/** @returns the sender's uid */
function checkSender(context: CallContext, weights: SetWeights): number {
  const { state } = context;
  const { hotkey, netuid, uids, values, versionKey } = weights;
  if (netuid === 0) throw refuse("CanNotSetRootNetworkWeights");
  if (uids.length !== values.length) throw refuse("WeightVecNotEqualSize");
  if (!state.get(at.NetworksAdded, netuid)) throw refuse("SubNetworkDoesNotExist");
  if (uids.length > state.get(at.SubnetworkN, netuid)) throw refuse("UidsLengthExceedUidsInSubNet");
  const uid = uidOf(context, hotkey, netuid);
  if (totalStakeOf(state, hotkey, netuid) < state.get(StakeThreshold)) {
    throw refuse("NotEnoughStakeToSetWeights");
  }
  if (versionKey < state.get(at.WeightsVersionKey, netuid)) throw refuse("IncorrectWeightVersionKey");
  if (!state.get(at.CommitRevealWeightsEnabled, netuid) && !isDue(context, netuid, uid)) {
    throw refuse("SettingWeightsTooFast");
  }
  return uid;
}

/** @returns the values to store */
function checkWeights({ state }: CallContext, { netuid, uids, values }: SetWeights, uid: number): number[] {
  const isSelfWeight = values.length === 1 && uids[0] === uid;
  if (!isSelfWeight && !state.get(at.ValidatorPermit, netuid)[uid]) throw refuse("NeuronNoValidatorPermit");
  if (new Set(uids).size !== uids.length) throw refuse("DuplicateUids");
  const neuronCount = state.get(at.SubnetworkN, netuid);
  if (uids.some((dest) => dest >= neuronCount)) throw refuse("UidVecContainInvalidOne");
  const required = Math.min(neuronCount, state.get(at.MinAllowedWeights, netuid));
  if (!isSelfWeight && values.length < required) throw refuse("WeightVecLengthIsLow");
  const scaled = maxUpscale(values);
  const limit = state.get(at.MaxWeightsLimit, netuid);
  if (!isSelfWeight && limit < 0xffff && !isMaxLimited(scaled, limit)) throw refuse("MaxWeightExceeded");
  return scaled;
}

/** @throws {DispatchFailure} HotKeyNotRegisteredInSubNet */
export function uidOf({ state }: CallContext, hotkey: Uint8Array, netuid: number): number {
  const uid = state.get(at.Uids, netuid, hotkey);
  if (uid === undefined) throw refuse("HotKeyNotRegisteredInSubNet");
  return uid;
}

/** Whether the subnet's rate limit lets this neuron set or commit weights now. */
export function isDue({ state, blockNumber }: CallContext, netuid: number, uid: number): boolean {
  const last = state.get(at.LastUpdate, netuid)[uid];
  return last === 0n || BigInt(blockNumber) - last >= state.get(at.WeightsSetRateLimit, netuid);
}

/** This is the block in which the neuron last set or committed weights. */
export function touch({ state, blockNumber }: CallContext, netuid: number, uid: number): void {
  state.set(at.LastUpdate, state.get(at.LastUpdate, netuid).with(uid, BigInt(blockNumber)), netuid);
}

function setWeights({ netuid, dests, weights, version_key }: Args, context: CallContext): void {
  const hotkey = signerOf(context);
  if (context.state.get(at.CommitRevealWeightsEnabled, netuid)) throw refuse("CommitRevealEnabled");
  storeWeights(context, { hotkey, netuid, uids: dests, values: weights, versionKey: version_key });
}

function batchSetWeights({ netuids, weights, version_keys }: BatchArgs, context: CallContext): void {
  signerOf(context);
  if (netuids.length !== weights.length || netuids.length !== version_keys.length) {
    throw refuse("InputLengthsUnequal");
  }
  runBatch(context, netuids, (netuid, i) => {
    const [dests, values] = [weights[i].map(([uid]) => uid), weights[i].map(([, value]) => value)];
    setWeights({ netuid, dests, weights: values, version_key: version_keys[i] }, context);
  });
}

/** One item for each subnet; those that fail are told and leave nothing. An item must write only after its last check. */
export function runBatch(
  context: CallContext,
  netuids: readonly number[],
  run: (netuid: number, i: number) => void,
): void {
  const failures: DispatchFailure[] = [];
  netuids.forEach((netuid, i) => {
    try {
      run(netuid, i);
    } catch (error) {
      if (!(error instanceof DispatchFailure)) throw error;
      failures.push(error);
    }
  });
  if (failures.length > 0) context.deposit(SUBTENSOR, "BatchCompletedWithErrors");
  for (const { error } of failures) context.deposit(SUBTENSOR, "BatchWeightItemFailed", error);
  context.deposit(SUBTENSOR, "BatchWeightsCompleted", [netuids, signerOf(context)]);
}

const setArgs = { netuid: u16, dests: vec(u16), weights: vec(u16), version_key: u64 };
const batchArgs = {
  netuids: vec(compact(u16)),
  weights: vec(vec(tuple(compact(u16), compact(u16)))),
  version_keys: vec(compact(u64)),
};

export const weights: PalletPart = {
  calls: [
    call(0, "set_weights", setArgs, setWeights),
    call(80, "batch_set_weights", batchArgs, batchSetWeights),
  ],
  events: {
    WeightsSet: [5, [u16, u16]],
    BatchWeightsCompleted: [81, [vec(compact(u16)), accountId]],
    BatchCompletedWithErrors: [82],
    BatchWeightItemFailed: [83, dispatchError],
  },
};

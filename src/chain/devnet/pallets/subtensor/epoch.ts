/**
 * Epochs: every `Tempo` + 1 blocks consensus runs on a subnet, its scores are written for all to read, and what was
 * emitted since the last time is paid. A subnet has its turn in the block whose number and netuid fill the tempo; tempo
 * zero never has. Spec 293 counts like this, later runtimes from the last epoch on.
 */
import { type EpochInput, type EpochOutput, runEpoch } from "../../../consensus/mod.ts";
import { proportion } from "../../../consensus/fixed_point.ts";
import { equalBytes } from "../../../../base/bytes.ts";
import type { CallContext } from "../pallet.ts";
import type { TypedState } from "../typed_state.ts";
import { adoptChildren } from "./child_keys.ts";
import { emitBlock } from "./emission.ts";
import { StakeWeight } from "./epoch_storage.ts";
import { drainPending, payEpoch } from "./payout.ts";
import { totalStakeOf } from "./family.ts";
import { StakeThreshold } from "./stake_storage.ts";
import * as at from "./storage.ts";
import * as subnet from "./subnet_storage.ts";
import { ROOT_NETUID } from "./subnets.ts";

/** All subnets do, before one has its epoch. The root network has neither emission nor epochs. */
export function emitOnSubnet(context: CallContext, netuid: number): void {
  if (netuid !== ROOT_NETUID && context.state.get(subnet.SubtokenEnabled, netuid)) emitBlock(context, netuid);
}

/** The epoch, in the block whose turn it is. */
export function stepOfSubnet(context: CallContext, netuid: number): void {
  if (netuid === ROOT_NETUID) return;
  const { state, blockNumber } = context;
  if (!isEpochBlock(blockNumber, netuid, state.get(at.Tempo, netuid))) {
    return state.set(subnet.BlocksSinceLastStep, state.get(subnet.BlocksSinceLastStep, netuid) + 1n, netuid);
  }
  state.set(subnet.BlocksSinceLastStep, 0n, netuid);
  state.set(subnet.LastMechansimStepBlock, BigInt(blockNumber), netuid);
  const pending = drainPending(state, netuid);
  const emissionRao = pending.alphaRao + pending.swappedRao;
  const hotkeys = hotkeysOf(state, netuid);
  const output = runEpoch(epochInput(context, netuid, hotkeys, emissionRao));
  writeScores(state, netuid, output);
  payEpoch(context, netuid, hotkeys, output, pending);
  adoptChildren(context, netuid);
}

export function isEpochBlock(block: number, netuid: number, tempo: number): boolean {
  return tempo > 0 && (block + netuid + 1) % (tempo + 1) === tempo;
}

function hotkeysOf(state: TypedState, netuid: number): Uint8Array[] {
  return Array.from(
    { length: state.get(at.SubnetworkN, netuid) },
    (_, uid) => state.get(at.Keys, netuid, uid),
  );
}

function epochInput(
  { state, blockNumber }: CallContext,
  netuid: number,
  hotkeys: readonly Uint8Array[],
  emissionRao: bigint,
): EpochInput {
  const lastUpdate = state.get(at.LastUpdate, netuid);
  const permits = state.get(at.ValidatorPermit, netuid);
  const owner = state.get(subnet.SubnetOwnerHotkey, netuid);
  const ownerUid = hotkeys.findIndex((hotkey) => equalBytes(hotkey, owner));
  const [low, high] = state.get(subnet.AlphaValues, netuid).map(proportion);
  const steepness = state.get(subnet.AlphaSigmoidSteepness, netuid);
  return {
    block: BigInt(blockNumber),
    tempo: state.get(at.Tempo, netuid),
    emissionRao,
    activityCutoff: state.get(at.ActivityCutoff, netuid),
    maxAllowedValidators: state.get(at.MaxAllowedValidators, netuid),
    stakeThresholdRao: state.get(StakeThreshold),
    kappa: state.get(subnet.Kappa, netuid),
    bondsPenalty: state.get(subnet.BondsPenalty, netuid),
    bondsMovingAverage: state.get(subnet.BondsMovingAverage, netuid),
    yuma3: state.get(subnet.Yuma3On, netuid),
    liquidAlpha: state.get(subnet.LiquidAlphaOn, netuid) ? { low, high, steepness } : undefined,
    ownerUid: ownerUid < 0 ? undefined : ownerUid,
    neurons: hotkeys.map((hotkey, uid) => ({
      stakeRao: totalStakeOf(state, hotkey, netuid),
      lastUpdate: lastUpdate[uid],
      registeredAt: state.get(at.BlockAtRegistration, netuid, uid),
      hasPermit: permits[uid],
      weights: state.get(at.Weights, netuid, uid),
      bonds: state.get(at.Bonds, netuid, uid),
    })),
  };
}

function writeScores(state: TypedState, netuid: number, output: EpochOutput): void {
  const columns = [
    [at.Rank, output.rank],
    [at.Trust, output.trust],
    [at.Consensus, output.consensus],
    [at.Incentive, output.incentive],
    [at.Dividends, output.dividends],
    [at.ValidatorTrust, output.validatorTrust],
    [at.PruningScores, output.pruningScores],
    [StakeWeight, output.stakeWeight],
  ] as const;
  for (const [entry, values] of columns) state.set(entry, [...values], netuid);
  state.set(at.Active, [...output.active], netuid);
  state.set(at.Emission, [...output.emissionRao], netuid);
  state.set(at.ValidatorPermit, [...output.validatorPermit], netuid);
  output.bonds.forEach((row, uid) => {
    if (row) state.set(at.Bonds, row.map(([to, bond]): [number, number] => [to, bond]), netuid, uid);
  });
}

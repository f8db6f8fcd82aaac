/** A subnet's parameters with the events that tell of their change; whoever sets one, sets it here. */
import type { AnyType } from "../../../scale/scale_type.ts";
import { u16, u64 } from "../../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import type { CallContext, PalletPart } from "../pallet.ts";
import type { StorageEntry } from "../storage_entry.ts";
import { SUBTENSOR } from "./failure.ts";
import * as at from "./storage.ts";
import * as subnet from "./subnet_storage.ts";

export interface Hyperparameter<V> {
  readonly entry: StorageEntry<[number], V>;
  /** Some changes are told by nobody, or by another pallet. */
  readonly event?: readonly [name: string, index: number];
}

function of<V>(entry: StorageEntry<[number], V>, event?: string, index = 0): Hyperparameter<V> {
  return { entry, event: event === undefined ? undefined : [event, index] };
}

export const PARAMETERS = {
  activityCutoff: of(at.ActivityCutoff, "ActivityCutoffSet", 15),
  adjustmentAlpha: of(subnet.AdjustmentAlpha, "AdjustmentAlphaSet", 52),
  adjustmentInterval: of(subnet.AdjustmentInterval, "AdjustmentIntervalSet", 12),
  alphaSigmoidSteepness: of(subnet.AlphaSigmoidSteepness, "AlphaSigmoidSteepnessSet", 17),
  bondsMovingAverage: of(subnet.BondsMovingAverage, "BondsMovingAverageSet", 24),
  bondsPenalty: of(subnet.BondsPenalty, "BondsPenaltySet", 25),
  bondsResetOn: of(subnet.BondsResetOn, "BondsResetOnSet", 26),
  burn: of(at.Burn, "BurnSet", 36),
  commitRevealEnabled: of(at.CommitRevealWeightsEnabled, "CommitRevealEnabled", 94),
  difficulty: of(subnet.Difficulty, "DifficultySet", 11),
  immunityPeriod: of(at.ImmunityPeriod, "ImmunityPeriodSet", 23),
  kappa: of(subnet.Kappa, "KappaSet", 18),
  liquidAlphaOn: of(subnet.LiquidAlphaOn),
  maxAllowedUids: of(at.MaxAllowedUids, "MaxAllowedUidsSet", 9),
  maxAllowedValidators: of(at.MaxAllowedValidators, "MaxAllowedValidatorsSet", 27),
  maxBurn: of(at.MaxBurn, "MaxBurnSet", 37),
  maxDifficulty: of(subnet.MaxDifficulty, "MaxDifficultySet", 34),
  maxRegistrationsPerBlock: of(subnet.MaxRegistrationsPerBlock, "MaxRegistrationsPerBlockSet", 14),
  maxWeightsLimit: of(at.MaxWeightsLimit, "MaxWeightLimitSet", 10),
  minAllowedWeights: of(at.MinAllowedWeights, "MinAllowedWeightSet", 19),
  minBurn: of(at.MinBurn, "MinBurnSet", 38),
  minDifficulty: of(subnet.MinDifficulty, "MinDifficultySet", 33),
  powRegistrationAllowed: of(subnet.NetworkPowRegistrationAllowed, "PowRegistrationAllowed", 47),
  raoRecycled: of(at.RAORecycledForRegistration, "RAORecycledForRegistrationSet", 49),
  registrationAllowed: of(at.NetworkRegistrationAllowed, "RegistrationAllowed", 46),
  revealPeriod: of(subnet.RevealPeriodEpochs, "CommitRevealPeriodsSet", 93),
  rho: of(subnet.Rho, "RhoSet", 16),
  servingRateLimit: of(at.ServingRateLimit, "ServingRateLimitSet", 35),
  subtokenEnabled: of(subnet.SubtokenEnabled),
  targetRegistrations: of(subnet.TargetRegistrationsPerInterval, "RegistrationPerIntervalSet", 13),
  tempo: of(at.Tempo, "TempoSet", 48),
  transferToggle: of(subnet.TransferToggle, "TransferToggle", 86),
  weightsSetRateLimit: of(at.WeightsSetRateLimit, "WeightsSetRateLimitSet", 22),
  weightsVersionKey: of(at.WeightsVersionKey, "WeightsVersionKeySet", 32),
  yuma3On: of(subnet.Yuma3On),
};

export function setParameter<V>(
  context: CallContext,
  { entry, event }: Hyperparameter<V>,
  netuid: number,
  value: V,
): void {
  context.state.set(entry, value, netuid);
  if (event) context.deposit(SUBTENSOR, event[0], [netuid, value]);
}

const told = Object.values(PARAMETERS as Record<string, Hyperparameter<unknown>>).flatMap((
  { entry, event },
) => event ? [[event[0], [event[1], [u16, entry.value as AnyType]]] as const] : []);

/** Their events and those of the whole chain's parameters; the calls are AdminUtils'. */
export const hyperparameters: PalletPart = {
  calls: [],
  events: {
    ...Object.fromEntries(told),
    StakeThresholdSet: [50, u64],
    NetworkRateLimitSet: [55, u64],
    NetworkImmunityPeriodSet: [56, u64],
    NetworkMinLockCostSet: [57, u64],
    NetworkLockCostReductionIntervalSet: [58, u64],
    SubnetOwnerHotkeySet: [87, [u16, accountId]],
  },
};

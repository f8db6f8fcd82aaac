/** A subnet's hyperparameters in both forms that clients ask for. */
import * as at from "../../pallets/subtensor/storage.ts";
import * as more from "../../pallets/subtensor/subnet_storage.ts";
import { i32f32 } from "../../pallets/fixed_point_types.ts";
import type { StorageEntry } from "../../pallets/storage_entry.ts";
import { bool, compact, u16, u64 } from "../../../scale/primitive_types.ts";
import type { SubnetView } from "./subnet_view.ts";
import { view, type ViewField, type ViewFields } from "./view.ts";

type Field = ViewField<SubnetView>;
export const of16 = (entry: StorageEntry<[number], number>): Field => [compact(u16), (s) => s.value(entry)];
export const of64 = (entry: StorageEntry<[number], bigint>): Field => [compact(u64), (s) => s.value(entry)];
export const ofBool = (entry: StorageEntry<[number], boolean>): Field => [bool, (s) => s.value(entry)];
export const alphaHigh: Field = [compact(u16), (s) => s.value(more.AlphaValues)[1]];
export const alphaLow: Field = [compact(u16), (s) => s.value(more.AlphaValues)[0]];

const YUMA_2 = 2;
const YUMA_3 = 3;
const I32F32_FRACTION_BITS = 32n;

const first: ViewFields<SubnetView> = {
  rho: of16(more.Rho),
  kappa: of16(more.Kappa),
  immunity_period: of16(at.ImmunityPeriod),
  min_allowed_weights: of16(at.MinAllowedWeights),
  max_weights_limit: of16(at.MaxWeightsLimit),
  tempo: of16(at.Tempo),
  min_difficulty: of64(more.MinDifficulty),
  max_difficulty: of64(more.MaxDifficulty),
  weights_version: of64(at.WeightsVersionKey),
  weights_rate_limit: of64(at.WeightsSetRateLimit),
  adjustment_interval: of16(more.AdjustmentInterval),
  activity_cutoff: of16(at.ActivityCutoff),
  registration_allowed: ofBool(at.NetworkRegistrationAllowed),
  target_regs_per_interval: of16(more.TargetRegistrationsPerInterval),
  min_burn: of64(at.MinBurn),
  max_burn: of64(at.MaxBurn),
  bonds_moving_avg: of64(more.BondsMovingAverage),
  max_regs_per_block: of16(more.MaxRegistrationsPerBlock),
  serving_rate_limit: of64(at.ServingRateLimit),
  max_validators: of16(at.MaxAllowedValidators),
  adjustment_alpha: of64(more.AdjustmentAlpha),
  difficulty: of64(more.Difficulty),
  commit_reveal_period: of64(more.RevealPeriodEpochs),
  commit_reveal_weights_enabled: ofBool(at.CommitRevealWeightsEnabled),
  alpha_high: alphaHigh,
  alpha_low: alphaLow,
  liquid_alpha_enabled: ofBool(more.LiquidAlphaOn),
};

const path = "pallet_subtensor::rpc_info::subnet_info";
export const hyperparameters = view(`${path}::SubnetHyperparams`, first);
export const hyperparametersV2 = view(`${path}::SubnetHyperparamsV2`, {
  ...first,
  alpha_sigmoid_steepness: [
    i32f32,
    (s) => BigInt(s.value(more.AlphaSigmoidSteepness)) << I32F32_FRACTION_BITS,
  ],
  yuma_version: [compact(u16), (s) => s.value(more.Yuma3On) ? YUMA_3 : YUMA_2],
  subnet_is_active: ofBool(more.SubtokenEnabled),
  transfers_enabled: ofBool(more.TransferToggle),
  bonds_reset_enabled: ofBool(more.BondsResetOn),
  // Nobody but the subnet itself provides liquidity here.
  user_liquidity_enabled: [bool, () => false],
});

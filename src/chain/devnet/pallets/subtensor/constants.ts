/** Constants that clients read: what each storage entry holds before anybody sets it, under subtensor's own names. */
import { u16, u64 } from "../../../scale/primitive_types.ts";
import { type Constant, constant } from "../pallet.ts";
import type { AnyEntry } from "../storage_entry.ts";
import * as child from "./child_storage.ts";
import { START_DELAY_BLOCKS } from "./network_calls.ts";
import * as network from "./network_storage.ts";
import { Delegates, TaoWeight } from "./stake_storage.ts";
import * as at from "./storage.ts";
import * as subnet from "./subnet_storage.ts";
import { KEY_SWAP_COST_RAO, KEY_SWAP_ON_SUBNET_COST_RAO, SWAP_INTERVAL_BLOCKS } from "./swap_hotkey.ts";
import { TxRateLimit } from "./rate_limit_storage.ts";

const INITIAL: readonly AnyEntry[] = [
  at.MinAllowedWeights,
  at.MaxWeightsLimit,
  at.Tempo,
  subnet.Difficulty,
  subnet.MaxDifficulty,
  subnet.MinDifficulty,
  at.RAORecycledForRegistration,
  at.Burn,
  at.MaxBurn,
  at.MinBurn,
  subnet.AdjustmentInterval,
  subnet.BondsMovingAverage,
  subnet.BondsPenalty,
  subnet.BondsResetOn,
  subnet.TargetRegistrationsPerInterval,
  subnet.Rho,
  subnet.AlphaSigmoidSteepness,
  subnet.Kappa,
  at.MaxAllowedUids,
  subnet.ScalingLawPower,
  at.ImmunityPeriod,
  at.ActivityCutoff,
  subnet.MaxRegistrationsPerBlock,
  at.MaxAllowedValidators,
  at.WeightsVersionKey,
  at.ServingRateLimit,
  subnet.AdjustmentAlpha,
  network.NetworkImmunityPeriod,
  network.NetworkMinLockCost,
  network.NetworkLockReductionInterval,
  network.NetworkRateLimit,
  TaoWeight,
];
const [alphaLow, alphaHigh] = subnet.AlphaValues.fallback;

export const constants: readonly Constant[] = [
  ...INITIAL.map(({ name, value, fallback }) => constant(`Initial${name}`, value, fallback)),
  constant("DurationOfStartCall", u64, START_DELAY_BLOCKS),
  constant("InitialDefaultDelegateTake", Delegates.value, Delegates.fallback),
  constant("InitialMinDelegateTake", u16, child.MinDelegateTake.fallback),
  constant("InitialDefaultChildKeyTake", u16, child.ChildkeyTake.fallback),
  constant("InitialMinChildKeyTake", u16, child.MinChildkeyTake.fallback),
  constant("InitialMaxChildKeyTake", u16, child.MaxChildkeyTake.fallback),
  constant("InitialTxDelegateTakeRateLimit", u64, child.TxDelegateTakeRateLimit.fallback),
  constant("InitialTxChildKeyTakeRateLimit", u64, child.TxChildkeyTakeRateLimit.fallback),
  constant("KeySwapCost", u64, KEY_SWAP_COST_RAO),
  constant("KeySwapOnSubnetCost", u64, KEY_SWAP_ON_SUBNET_COST_RAO),
  constant("HotkeySwapOnSubnetInterval", u64, SWAP_INTERVAL_BLOCKS),
  constant("InitialTxRateLimit", u64, TxRateLimit.fallback),
  constant("AlphaHigh", u16, alphaHigh),
  constant("AlphaLow", u16, alphaLow),
  constant("LiquidAlphaOn", subnet.LiquidAlphaOn.value, subnet.LiquidAlphaOn.fallback),
];

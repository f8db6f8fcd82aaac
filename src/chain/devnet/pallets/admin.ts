/**
 * Who sets parameters: a subnet's owner most of its own, the chain itself (through the Sudo pallet) all of them. Who may
 * set which is what spec 293 says of each call. It has no window before an epoch in which owners must wait; of their
 * changes it slows only the version key and the owner's hotkey.
 */
import type { AnyType } from "../../scale/scale_type.ts";
import { bool, u16, u64 } from "../../scale/primitive_types.ts";
import { accountId } from "./common_types.ts";
import { type Call, call, type CallContext, type Pallet } from "./pallet.ts";
import type { StorageEntry } from "./storage_entry.ts";
import { ADMIN, refuseAdmin } from "./admin_errors.ts";
import { refuse, SUBTENSOR } from "./subtensor/failure.ts";
import { type Hyperparameter, PARAMETERS as set, setParameter } from "./subtensor/hyperparameters.ts";
import * as network from "./subtensor/network_storage.ts";
import * as limits from "./subtensor/rate_limit_storage.ts";
import { StakeThreshold } from "./subtensor/stake_storage.ts";
import * as at from "./subtensor/storage.ts";
import { AlphaValues, LiquidAlphaOn, SubnetOwnerHotkey } from "./subtensor/subnet_storage.ts";
import { requireOwnerOrRoot, requireRoot, requireSubnet } from "./subtensor/subnets.ts";

const OWNER_HOTKEY_WAIT_BLOCKS = 50_400n;
/** subtensor's number for this kind of transaction. */
const SET_WEIGHTS_VERSION_KEY = 4;
const OWNERS_MOST_BONDS_MOVING_AVERAGE = 975_000n;
/** A fortieth of 65535. */
const LEAST_LIQUID_ALPHA = 1638;

interface Rule<V> {
  readonly isOwners?: boolean;
  /** Some calls set a parameter of a subnet that is not there yet. */
  readonly needsNoSubnet?: boolean;
  /** Asked last, before the change. @throws {DispatchFailure} */
  readonly check?: (value: V, netuid: number, context: CallContext) => void;
  /** This pallet's own word of it, beside subtensor's. */
  readonly told?: string;
}

/** sudo_set_<name>(netuid, <argument>) */
function setter<V>(
  index: number,
  name: string,
  argument: string,
  parameter: Hyperparameter<V>,
  { isOwners = false, needsNoSubnet = false, check, told }: Rule<V> = {},
): Call {
  const types: Record<string, AnyType> = { netuid: u16, [argument]: parameter.entry.value };
  return call(index, `sudo_set_${name}`, types, (args: Record<string, unknown>, context) => {
    const netuid = args.netuid as number;
    const value = args[argument] as V;
    if (isOwners) requireOwnerOrRoot(context, netuid);
    else requireRoot(context);
    const exists = context.state.get(at.NetworksAdded, netuid);
    if (!needsNoSubnet && !exists) throw refuseAdmin("SubnetDoesNotExist");
    check?.(value, netuid, context);
    setParameter(context, parameter, netuid, value);
    if (told !== undefined) context.deposit(ADMIN, told, { netuid, enabled: value });
  });
}

/** Of the whole chain, by the chain itself. */
function chainSetter(
  index: number,
  name: string,
  argument: string,
  entry: StorageEntry<[], bigint>,
  event: string,
): Call {
  return call(index, `sudo_set_${name}`, { [argument]: u64 }, (args: Record<string, bigint>, context) => {
    requireRoot(context);
    context.state.set(entry, args[argument]);
    context.deposit(SUBTENSOR, event, args[argument]);
  });
}

function checkVersionKey(_key: bigint, netuid: number, { state, signer, blockNumber }: CallContext): void {
  if (signer === undefined) return;
  const waitBlocks = BigInt(state.get(at.Tempo, netuid)) * state.get(limits.WeightsVersionKeyRateLimit);
  const last = state.get(limits.TransactionKeyLastBlock, signer, netuid, SET_WEIGHTS_VERSION_KEY);
  if (last > 0n && BigInt(blockNumber) - last < waitBlocks) throw refuse("TxRateLimitExceeded");
  state.set(limits.TransactionKeyLastBlock, BigInt(blockNumber), signer, netuid, SET_WEIGHTS_VERSION_KEY);
}

function checkUidCount(count: number, netuid: number, { state }: CallContext): void {
  if (state.get(at.SubnetworkN, netuid) >= count) throw refuseAdmin("MaxAllowedUIdsLessThanCurrentUIds");
}

function checkValidatorCount(count: number, netuid: number, { state }: CallContext): void {
  if (count > state.get(at.MaxAllowedUids, netuid)) throw refuseAdmin("MaxValidatorsLargerThanMaxUIds");
}

function checkActivityCutoff(blocks: number, _netuid: number, { state }: CallContext): void {
  if (blocks < state.get(network.MinActivityCutoff)) throw refuse("ActivityCutoffTooLow");
}

function checkBondsAverage(value: bigint, _netuid: number, { isRoot }: CallContext): void {
  if (!isRoot && value > OWNERS_MOST_BONDS_MOVING_AVERAGE) throw refuseAdmin("BondsMovingAverageMaxReached");
}

function checkSteepness(value: number, _netuid: number, { isRoot }: CallContext): void {
  if (!isRoot && value < 0) throw refuseAdmin("NegativeSigmoidSteepness");
}

interface AlphaRange {
  netuid: number;
  alpha_low: number;
  alpha_high: number;
}

function setAlphaValues({ netuid, alpha_low, alpha_high }: AlphaRange, context: CallContext): void {
  requireOwnerOrRoot(context, netuid);
  if (!context.state.get(LiquidAlphaOn, netuid)) throw refuse("LiquidAlphaDisabled");
  if (alpha_high < LEAST_LIQUID_ALPHA) throw refuse("AlphaHighTooLow");
  if (alpha_low < LEAST_LIQUID_ALPHA || alpha_low > alpha_high) throw refuse("AlphaLowOutOfRange");
  context.state.set(AlphaValues, [alpha_low, alpha_high], netuid);
}

function setOwnerHotkey(
  { netuid, hotkey }: { netuid: number; hotkey: Uint8Array },
  context: CallContext,
): void {
  const { state, blockNumber } = context;
  requireOwnerOrRoot(context, netuid);
  requireSubnet(context, netuid);
  const key = { name: "SetSNOwnerHotkey", value: netuid };
  const last = state.get(limits.LastRateLimitedBlock, key);
  if (last > 0n && BigInt(blockNumber) - last < OWNER_HOTKEY_WAIT_BLOCKS) throw refuse("TxRateLimitExceeded");
  state.set(limits.LastRateLimitedBlock, BigInt(blockNumber), key);
  state.set(SubnetOwnerHotkey, hotkey, netuid);
  context.deposit(SUBTENSOR, "SubnetOwnerHotkeySet", [netuid, hotkey]);
}

const owners = { isOwners: true };
const ownersAnywhere = { isOwners: true, needsNoSubnet: true };
const ownerHotkey = { netuid: u16, hotkey: accountId };
const toggled = { netuid: u16, enabled: bool };

function checkExists(_toggle: boolean, netuid: number, context: CallContext): void {
  requireSubnet(context, netuid);
}

export const adminUtils: Pallet = {
  ...ADMIN,
  crate: "pallet_admin_utils",
  storage: [],
  calls: [
    setter(3, "serving_rate_limit", "serving_rate_limit", set.servingRateLimit, ownersAnywhere),
    setter(4, "min_difficulty", "min_difficulty", set.minDifficulty, owners),
    setter(5, "max_difficulty", "max_difficulty", set.maxDifficulty, owners),
    setter(6, "weights_version_key", "weights_version_key", set.weightsVersionKey, {
      ...owners,
      check: checkVersionKey,
    }),
    setter(7, "weights_set_rate_limit", "weights_set_rate_limit", set.weightsSetRateLimit),
    setter(8, "adjustment_interval", "adjustment_interval", set.adjustmentInterval),
    setter(9, "adjustment_alpha", "adjustment_alpha", set.adjustmentAlpha, owners),
    setter(12, "max_weight_limit", "max_weight_limit", set.maxWeightsLimit, owners),
    setter(13, "immunity_period", "immunity_period", set.immunityPeriod, owners),
    setter(14, "min_allowed_weights", "min_allowed_weights", set.minAllowedWeights, owners),
    setter(15, "max_allowed_uids", "max_allowed_uids", set.maxAllowedUids, { check: checkUidCount }),
    setter(16, "kappa", "kappa", set.kappa, owners),
    setter(17, "rho", "rho", set.rho, owners),
    setter(18, "activity_cutoff", "activity_cutoff", set.activityCutoff, {
      ...owners,
      check: checkActivityCutoff,
    }),
    setter(
      19,
      "network_registration_allowed",
      "registration_allowed",
      set.registrationAllowed,
      ownersAnywhere,
    ),
    setter(
      20,
      "network_pow_registration_allowed",
      "registration_allowed",
      set.powRegistrationAllowed,
      ownersAnywhere,
    ),
    setter(
      21,
      "target_registrations_per_interval",
      "target_registrations_per_interval",
      set.targetRegistrations,
    ),
    setter(22, "min_burn", "min_burn", set.minBurn),
    setter(23, "max_burn", "max_burn", set.maxBurn, owners),
    setter(24, "difficulty", "difficulty", set.difficulty, owners),
    setter(25, "max_allowed_validators", "max_allowed_validators", set.maxAllowedValidators, {
      check: checkValidatorCount,
    }),
    setter(26, "bonds_moving_average", "bonds_moving_average", set.bondsMovingAverage, {
      ...owners,
      check: checkBondsAverage,
    }),
    setter(27, "max_registrations_per_block", "max_registrations_per_block", set.maxRegistrationsPerBlock),
    chainSetter(29, "network_rate_limit", "rate_limit", network.NetworkRateLimit, "NetworkRateLimitSet"),
    setter(30, "tempo", "tempo", set.tempo),
    chainSetter(
      35,
      "network_immunity_period",
      "immunity_period",
      network.NetworkImmunityPeriod,
      "NetworkImmunityPeriodSet",
    ),
    chainSetter(
      36,
      "network_min_lock_cost",
      "lock_cost",
      network.NetworkMinLockCost,
      "NetworkMinLockCostSet",
    ),
    chainSetter(
      38,
      "lock_reduction_interval",
      "interval",
      network.NetworkLockReductionInterval,
      "NetworkLockCostReductionIntervalSet",
    ),
    setter(39, "rao_recycled", "rao_recycled", set.raoRecycled),
    chainSetter(42, "stake_threshold", "min_stake", StakeThreshold, "StakeThresholdSet"),
    setter(49, "commit_reveal_weights_enabled", "enabled", set.commitRevealEnabled, owners),
    setter(50, "liquid_alpha_enabled", "enabled", set.liquidAlphaOn, ownersAnywhere),
    call(51, "sudo_set_alpha_values", { netuid: u16, alpha_low: u16, alpha_high: u16 }, setAlphaValues),
    setter(57, "commit_reveal_weights_interval", "interval", set.revealPeriod, owners),
    setter(60, "bonds_penalty", "bonds_penalty", set.bondsPenalty, owners),
    setter(61, "toggle_transfer", "toggle", set.transferToggle, { ...ownersAnywhere, check: checkExists }),
    call(64, "sudo_set_subnet_owner_hotkey", ownerHotkey, setOwnerHotkey),
    setter(66, "subtoken_enabled", "subtoken_enabled", set.subtokenEnabled, { needsNoSubnet: true }),
    call(67, "sudo_set_sn_owner_hotkey", ownerHotkey, setOwnerHotkey),
    setter(68, "alpha_sigmoid_steepness", "steepness", set.alphaSigmoidSteepness, {
      ...owners,
      check: checkSteepness,
    }),
    setter(69, "yuma3_enabled", "enabled", set.yuma3On, { ...ownersAnywhere, told: "Yuma3EnableToggled" }),
    setter(70, "bonds_reset_enabled", "enabled", set.bondsResetOn, {
      ...ownersAnywhere,
      told: "BondsResetToggled",
    }),
  ],
  events: { Yuma3EnableToggled: [1, toggled], BondsResetToggled: [2, toggled] },
  constants: [],
};

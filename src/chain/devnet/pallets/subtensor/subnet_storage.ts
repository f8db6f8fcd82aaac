/**
 * What a subnet has beside storage.ts: parameters, its token's pool, and what its owner and its neurons say of
 * themselves. Pools stay empty where a subnet's token is worth one TAO.
 */
import { struct, tuple } from "../../../scale/composite_types.ts";
import { bool, bytes, i16, u128, u16, u32, u64, u8 } from "../../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { i96f32 } from "../fixed_point_types.ts";
import { blake2Concat, twox64Concat } from "../storage_entry.ts";
import { account, netuid, storage } from "./storage.ts";

const perSubnetU16 = (name: string, fallback: number) => storage.map(name, [netuid], u16, fallback);
const perSubnetU64 = (name: string, fallback = 0n) => storage.map(name, [netuid], u64, fallback);
const perSubnetBool = (name: string, fallback: boolean) => storage.map(name, [netuid], bool, fallback);

// Consensus.
export const Rho = perSubnetU16("Rho", 10);
export const Kappa = perSubnetU16("Kappa", 32767);
export const BondsMovingAverage = perSubnetU64("BondsMovingAverage", 900_000n);
export const BondsPenalty = perSubnetU16("BondsPenalty", 0xffff);
export const BondsResetOn = perSubnetBool("BondsResetOn", false);
export const ScalingLawPower = perSubnetU16("ScalingLawPower", 50);
export const AlphaSigmoidSteepness = storage.map("AlphaSigmoidSteepness", [netuid], i16, 1000);
/** Low and high, as shares of 65535. */
export const AlphaValues = storage.map("AlphaValues", [netuid], tuple(u16, u16), [45875, 58982]);
export const LiquidAlphaOn = storage.map("LiquidAlphaOn", [blake2Concat(u16)], bool, false);
export const Yuma3On = storage.map("Yuma3On", [blake2Concat(u16)], bool, false);
export const RevealPeriodEpochs = storage.map("RevealPeriodEpochs", [twox64Concat(u16)], u64, 1n);

// Registration.
export const Difficulty = perSubnetU64("Difficulty", 10_000_000n);
export const MinDifficulty = perSubnetU64("MinDifficulty", 10_000_000n);
export const MaxDifficulty = perSubnetU64("MaxDifficulty", 0x3fff_ffff_ffff_ffffn);
export const AdjustmentInterval = perSubnetU16("AdjustmentInterval", 100);
export const AdjustmentAlpha = perSubnetU64("AdjustmentAlpha", 0n);
export const TargetRegistrationsPerInterval = perSubnetU16("TargetRegistrationsPerInterval", 2);
export const MaxRegistrationsPerBlock = perSubnetU16("MaxRegistrationsPerBlock", 1);
export const NetworkPowRegistrationAllowed = perSubnetBool("NetworkPowRegistrationAllowed", true);

// The subnet's life.
export const SubnetOwnerHotkey = storage.map("SubnetOwnerHotkey", [netuid], accountId, new Uint8Array(32));
export const SubtokenEnabled = perSubnetBool("SubtokenEnabled", false);
export const TransferToggle = perSubnetBool("TransferToggle", true);
export const BlocksSinceLastStep = perSubnetU64("BlocksSinceLastStep");
export const LastMechansimStepBlock = perSubnetU64("LastMechansimStepBlock"); // the runtime's own spelling

// Its token: reserves of both sides, what an epoch adds, what waits to be handed out.
export const TokenSymbol = storage.map("TokenSymbol", [netuid], bytes, Uint8Array.of(0xf0, 0x9d, 0x9c, 0x8f));
export const SubnetTAO = perSubnetU64("SubnetTAO");
export const SubnetAlphaIn = perSubnetU64("SubnetAlphaIn");
export const SubnetAlphaOut = perSubnetU64("SubnetAlphaOut");
export const SubnetTaoInEmission = perSubnetU64("SubnetTaoInEmission");
export const SubnetAlphaInEmission = perSubnetU64("SubnetAlphaInEmission");
export const SubnetAlphaOutEmission = perSubnetU64("SubnetAlphaOutEmission");
export const PendingEmission = perSubnetU64("PendingEmission");
export const PendingRootDivs = perSubnetU64("PendingRootDivs");
export const SubnetVolume = storage.map("SubnetVolume", [netuid], u128, 0n);
export const SubnetMovingPrice = storage.map("SubnetMovingPrice", [netuid], i96f32, 0n);

// What a neuron got in the last epoch.
export const AlphaDividendsPerSubnet = storage.map("AlphaDividendsPerSubnet", [netuid, account], u64, 0n);
export const TaoDividendsPerSubnet = storage.map("TaoDividendsPerSubnet", [netuid, account], u64, 0n);
export const LastHotkeyEmissionOnNetuid = storage.map(
  "LastHotkeyEmissionOnNetuid",
  [account, netuid],
  u64,
  0n,
);

// Descriptions.
export const prometheusInfo = struct("pallet_subtensor::pallet::PrometheusInfo", {
  block: u64,
  version: u32,
  ip: u128,
  port: u16,
  ip_type: u8,
});
export const subnetIdentity = struct("pallet_subtensor::pallet::SubnetIdentityV3", {
  subnet_name: bytes,
  github_repo: bytes,
  subnet_contact: bytes,
  subnet_url: bytes,
  discord: bytes,
  description: bytes,
  logo_url: bytes,
  additional: bytes,
});
export const chainIdentity = struct("pallet_subtensor::pallet::ChainIdentityV2", {
  name: bytes,
  url: bytes,
  github_repo: bytes,
  image: bytes,
  discord: bytes,
  description: bytes,
  additional: bytes,
});
export const Prometheus = storage.optionalMap("Prometheus", [netuid, account], prometheusInfo);
export const IdentitiesV2 = storage.optionalMap("IdentitiesV2", [account], chainIdentity);
export const SubnetIdentitiesV3 = storage.optionalMap(
  "SubnetIdentitiesV3",
  [blake2Concat(u16)],
  subnetIdentity,
);

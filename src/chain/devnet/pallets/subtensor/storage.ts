/**
 * The subnet's records. `byUid` vectors have one element for each uid; uids are handed out from zero without gaps.
 * Consensus values (rank to dividends) are those of the last epoch.
 */
import { struct, tuple, vec } from "../../../scale/composite_types.ts";
import { bool, u128, u16, u32, u64, u8 } from "../../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { SUBTENSOR } from "./failure.ts";
import { blake2Concat, identity, StorageDeclarations } from "../storage_entry.ts";

const NOBODY = new Uint8Array(32);
/** Every file of this pallet declares its entries here. */
export const storage = new StorageDeclarations(SUBTENSOR.name);

export const netuid = identity(u16);
export const uid = identity(u16);
export const account = blake2Concat(accountId);
const perSubnetU16 = (name: string, fallback: number) => storage.map(name, [netuid], u16, fallback);
const perSubnetU64 = (name: string, fallback: bigint) => storage.map(name, [netuid], u64, fallback);
const perSubnetBool = (name: string, fallback: boolean) => storage.map(name, [netuid], bool, fallback);
const byUidU16 = (name: string) => storage.map(name, [netuid], vec(u16), []);

export const axonInfo = struct("pallet_subtensor::pallet::AxonInfo", {
  block: u64,
  version: u32,
  ip: u128,
  port: u16,
  ip_type: u8,
  protocol: u8,
  placeholder1: u8,
  placeholder2: u8,
});

// Who owns what.
export const Owner = storage.map("Owner", [account], accountId, NOBODY);
export const OwnedHotkeys = storage.map("OwnedHotkeys", [account], vec(accountId), []);
export const TotalNetworks = storage.plain("TotalNetworks", u16, 0);
export const SubnetOwner = storage.map("SubnetOwner", [netuid], accountId, NOBODY);

// Hyperparameters.
export const Tempo = perSubnetU16("Tempo", 10);
export const MaxAllowedUids = perSubnetU16("MaxAllowedUids", 4096);
export const ImmunityPeriod = perSubnetU16("ImmunityPeriod", 4096);
export const ActivityCutoff = perSubnetU16("ActivityCutoff", 5000);
export const MaxWeightsLimit = perSubnetU16("MaxWeightsLimit", 1000);
export const MinAllowedWeights = perSubnetU16("MinAllowedWeights", 1024);
export const MaxAllowedValidators = perSubnetU16("MaxAllowedValidators", 128);
export const WeightsVersionKey = perSubnetU64("WeightsVersionKey", 0n);
export const WeightsSetRateLimit = perSubnetU64("WeightsSetRateLimit", 100n);
export const ServingRateLimit = perSubnetU64("ServingRateLimit", 50n);
export const CommitRevealWeightsEnabled = perSubnetBool("CommitRevealWeightsEnabled", false);
export const NetworkRegistrationAllowed = perSubnetBool("NetworkRegistrationAllowed", true);
export const Burn = perSubnetU64("Burn", 100_000_000n);
export const MinBurn = perSubnetU64("MinBurn", 500_000n);
export const MaxBurn = perSubnetU64("MaxBurn", 100_000_000_000n);
export const RAORecycledForRegistration = perSubnetU64("RAORecycledForRegistration", 0n);

// Membership.
export const NetworksAdded = perSubnetBool("NetworksAdded", false);
export const NetworkRegisteredAt = perSubnetU64("NetworkRegisteredAt", 0n);
export const SubnetworkN = perSubnetU16("SubnetworkN", 0);
export const IsNetworkMember = storage.map("IsNetworkMember", [account, netuid], bool, false);
export const Uids = storage.optionalMap("Uids", [netuid, account], u16);
export const Keys = storage.map("Keys", [netuid, uid], accountId, NOBODY);
export const BlockAtRegistration = storage.map("BlockAtRegistration", [netuid, uid], u64, 0n);
export const Axons = storage.optionalMap("Axons", [netuid, account], axonInfo);

// What validators say, and what follows from it.
export const Weights = storage.map("Weights", [netuid, uid], vec(tuple(u16, u16)), []);
export const Bonds = storage.map("Bonds", [netuid, uid], vec(tuple(u16, u16)), []);
export const LastUpdate = storage.map("LastUpdate", [netuid], vec(u64), []);
export const Active = storage.map("Active", [netuid], vec(bool), []);
export const ValidatorPermit = storage.map("ValidatorPermit", [netuid], vec(bool), []);
export const Emission = storage.map("Emission", [netuid], vec(u64), []);
export const Rank = byUidU16("Rank");
export const Trust = byUidU16("Trust");
export const Consensus = byUidU16("Consensus");
export const Incentive = byUidU16("Incentive");
export const Dividends = byUidU16("Dividends");
export const ValidatorTrust = byUidU16("ValidatorTrust");
export const PruningScores = byUidU16("PruningScores");

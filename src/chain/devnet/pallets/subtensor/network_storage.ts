/** What a new subnet costs and how often there may be one; what was locked for each, and when it started. */
import { u16, u64 } from "../../../scale/primitive_types.ts";
import { netuid, storage } from "./storage.ts";

export const NetworkRateLimit = storage.plain("NetworkRateLimit", u64, 7200n);
export const NetworkLastRegistered = storage.plain("NetworkLastRegistered", u64, 0n);
export const NetworkMinLockCost = storage.plain("NetworkMinLockCost", u64, 1_000_000_000_000n);
export const NetworkLastLockCost = storage.plain("NetworkLastLockCost", u64, 1_000_000_000_000n);
export const NetworkLockReductionInterval = storage.plain("NetworkLockReductionInterval", u64, 100_800n);
export const NetworkImmunityPeriod = storage.plain("NetworkImmunityPeriod", u64, 50_400n);
export const SubnetLocked = storage.map("SubnetLocked", [netuid], u64, 0n);
export const LargestLocked = storage.map("LargestLocked", [netuid], u64, 0n);
/** 0: alpha is worth one TAO. Subtensor's other one, a price that trades move, is not on this chain. */
export const SubnetMechanism = storage.map("SubnetMechanism", [netuid], u16, 0);
/** From here on the subnet emits. */
export const FirstEmissionBlockNumber = storage.optionalMap("FirstEmissionBlockNumber", [netuid], u64);
/** No subnet may call a validator inactive sooner. */
export const MinActivityCutoff = storage.plain("MinActivityCutoff", u16, 360);

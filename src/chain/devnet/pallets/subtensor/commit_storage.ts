/** Weights committed and not yet revealed. */
import { tuple, vec } from "../../../scale/composite_types.ts";
import { u16, u64 } from "../../../scale/primitive_types.ts";
import { MAX_CIPHERTEXT_BYTES } from "../../../timelock/mod.ts";
import { accountId, boundedBytes, h256 } from "../common_types.ts";
import { StorageDeclarations, twox64Concat } from "../storage_entry.ts";
import { netuid, storage } from "./storage.ts";

export const lockedMessage = boundedBytes(MAX_CIPHERTEXT_BYTES);

/** By subnet and hotkey, oldest first: the hash, the block, the first and the last block in which it can be revealed. */
export const WeightCommits = storage.optionalMap(
  "WeightCommits",
  [twox64Concat(u16), twox64Concat(accountId)],
  vec(tuple(h256, u64, u64, u64)),
);
/** By subnet and the epoch of the commit, oldest first: the hotkey, the locked message, the round that opens it. */
export const CRV3WeightCommits = storage.map(
  "CRV3WeightCommits",
  [twox64Concat(u16), twox64Concat(u64)],
  vec(tuple(accountId, lockedMessage, u64)),
  [],
);

/** This chain's own, outside the metadata: of each subnet the epochs that have locked commits, oldest first. */
export const LockedEpochs = new StorageDeclarations("Skein").map("LockedEpochs", [netuid], vec(u64), []);

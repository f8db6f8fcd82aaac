/** What emission and epochs keep beside what clients have always read: shares that wait, and consensus' stake. */
import { vec } from "../../../scale/composite_types.ts";
import { u16, u64 } from "../../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { StorageDeclarations } from "../storage_entry.ts";
import { account, netuid, storage } from "./storage.ts";

/** Of 65535, of all that a subnet emits. */
export const SubnetOwnerCut = storage.plain("SubnetOwnerCut", u16, 11_796);
export const PendingOwnerCut = storage.map("PendingOwnerCut", [netuid], u64, 0n);
/** Alpha that became the TAO of PendingRootDivs. */
export const PendingAlphaSwapped = storage.map("PendingAlphaSwapped", [netuid], u64, 0n);
/** Stake as consensus weighed it, of 65535. */
export const StakeWeight = storage.map("StakeWeight", [netuid], vec(u16), []);
export const TotalHotkeyAlphaLastEpoch = storage.map(
  "TotalHotkeyAlphaLastEpoch",
  [account, netuid],
  u64,
  0n,
);

/** This chain's own, outside the metadata: whose dividends the last epoch noted, to be forgotten by the next. */
export const PaidHotkeys = new StorageDeclarations("Skein").map("PaidHotkeys", [netuid], vec(accountId), []);

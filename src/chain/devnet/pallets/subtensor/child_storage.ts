/** Families: hotkeys whose stake counts for others in a subnet. Shares are of 2⁶⁴ − 1, takes of 65535. */
import { tuple, vec } from "../../../scale/composite_types.ts";
import { u16, u64 } from "../../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { identity } from "../storage_entry.ts";
import { account, netuid, storage } from "./storage.ts";

export type Relative = [share: bigint, hotkey: Uint8Array];
export const relatives = vec(tuple(u64, accountId));

/** By parent. */
export const ChildKeys = storage.map("ChildKeys", [account, netuid], relatives, [] as Relative[]);
/** By child: the same shares, from the other side. */
export const ParentKeys = storage.map("ParentKeys", [account, netuid], relatives, [] as Relative[]);
/** By parent: children to be, and the block that an epoch has to come after. */
export const PendingChildKeys = storage.map(
  "PendingChildKeys",
  [netuid, account],
  tuple(relatives, u64),
  [[], 0n] as [Relative[], bigint],
);
/** Of the hotkey in what `keysOf` gives of it: behind the netuid and the hash. */
export const PENDING_HOTKEY_AT = 2 + 16;
/** In blocks. */
export const PendingChildKeyCooldown = storage.plain("PendingChildKeyCooldown", u64, 0n);
/** What a child keeps of what its parents' stake earns. */
export const ChildkeyTake = storage.map("ChildkeyTake", [account, netuid], u16, 0);
export const MinChildkeyTake = storage.plain("MinChildkeyTake", u16, 0);
export const MaxChildkeyTake = storage.plain("MaxChildkeyTake", u16, 11_796);
/** In blocks, of raising it. */
export const TxChildkeyTakeRateLimit = storage.plain("TxChildkeyTakeRateLimit", u64, 5n);

export const MinDelegateTake = storage.plain("MinDelegateTake", u16, 0);
export const MaxDelegateTake = storage.plain("MaxDelegateTake", u16, 11_796);
/** In blocks, of raising it. */
export const TxDelegateTakeRateLimit = storage.plain("TxDelegateTakeRateLimit", u64, 216_000n);
/** By hotkey. */
export const LastTxBlockDelegateTake = storage.map("LastTxBlockDelegateTake", [identity(accountId)], u64, 0n);

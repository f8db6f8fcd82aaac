/** When whoever may do something only so often did it last. */
import { variant } from "../../../scale/composite_types.ts";
import { u16, u64 } from "../../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { identity } from "../storage_entry.ts";
import { account, netuid, storage } from "./storage.ts";

const rateLimitKey = variant("pallet_subtensor::RateLimitKey", { SetSNOwnerHotkey: [0, u16] });

/** By what is limited, for the chain as a whole. */
export const LastRateLimitedBlock = storage.map("LastRateLimitedBlock", [identity(rateLimitKey)], u64, 0n);
/** By account, subnet and kind of transaction. */
export const TransactionKeyLastBlock = storage.map(
  "TransactionKeyLastBlock",
  [account, netuid, identity(u16)],
  u64,
  0n,
);
/** By coldkey: when it last swapped a hotkey. */
export const LastTxBlock = storage.map("LastTxBlock", [identity(accountId)], u64, 0n);
/** In blocks, of swapping hotkeys. */
export const TxRateLimit = storage.plain("TxRateLimit", u64, 1000n);
/** By subnet and coldkey. */
export const LastHotkeySwapOnNetuid = storage.map("LastHotkeySwapOnNetuid", [netuid, account], u64, 0n);
/** In tempos of the subnet. */
export const WeightsVersionKeyRateLimit = storage.plain("WeightsVersionKeyRateLimit", u64, 5n);

/** What the owner of a hotkey keeps of what is earned with others' stake: lowered at will, raised only so often. */
import { u16 } from "../../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { call, type CallContext, type PalletPart, signerOf } from "../pallet.ts";
import {
  LastTxBlockDelegateTake,
  MaxDelegateTake,
  MinDelegateTake,
  TxDelegateTakeRateLimit,
} from "./child_storage.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import { ownsHotkey } from "./hotkeys.ts";
import { Delegates } from "./stake_storage.ts";
import { requireHotkey } from "./staking.ts";

interface Take {
  hotkey: Uint8Array;
  take: number;
}

function decreaseTake({ hotkey, take }: Take, context: CallContext): void {
  const { state } = context;
  requireOwnHotkey(context, hotkey);
  if (state.has(Delegates, hotkey) && take >= state.get(Delegates, hotkey)) {
    throw refuse("DelegateTakeTooLow");
  }
  if (take < state.get(MinDelegateTake)) throw refuse("DelegateTakeTooLow");
  setTake(context, "TakeDecreased", { hotkey, take });
}

function increaseTake({ hotkey, take }: Take, context: CallContext): void {
  const { state, blockNumber } = context;
  requireOwnHotkey(context, hotkey);
  if (state.has(Delegates, hotkey) && take <= state.get(Delegates, hotkey)) {
    throw refuse("DelegateTakeTooLow");
  }
  if (take > state.get(MaxDelegateTake)) throw refuse("DelegateTakeTooHigh");
  const last = state.get(LastTxBlockDelegateTake, hotkey);
  const limit = state.get(TxDelegateTakeRateLimit);
  if (limit > 0n && last > 0n && BigInt(blockNumber) - last <= limit) {
    throw refuse("DelegateTxRateLimitExceeded");
  }
  setTake(context, "TakeIncreased", { hotkey, take });
}

function setTake(context: CallContext, event: string, { hotkey, take }: Take): void {
  context.state.set(Delegates, take, hotkey);
  context.state.set(LastTxBlockDelegateTake, BigInt(context.blockNumber), hotkey);
  context.deposit(SUBTENSOR, event, [signerOf(context), hotkey, take]);
}

/** @throws {DispatchFailure} HotKeyAccountNotExists, NonAssociatedColdKey */
function requireOwnHotkey(context: CallContext, hotkey: Uint8Array): void {
  requireHotkey(context, hotkey);
  if (!ownsHotkey(context.state, signerOf(context), hotkey)) throw refuse("NonAssociatedColdKey");
}

const eventFields = [accountId, accountId, u16];

export const takes: PalletPart = {
  calls: [
    call(65, "decrease_take", { hotkey: accountId, take: u16 }, decreaseTake),
    call(66, "increase_take", { hotkey: accountId, take: u16 }, increaseTake),
  ],
  events: { TakeDecreased: [59, eventFields], TakeIncreased: [60, eventFields] },
};

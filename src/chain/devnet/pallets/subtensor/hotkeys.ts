/** Whose a hotkey is: the first coldkey's that registers or stakes with it, for good. */
import { equalBytes } from "../../../../base/bytes.ts";
import type { CallContext } from "../pallet.ts";
import type { TypedState } from "../typed_state.ts";
import { refuse } from "./failure.ts";
import { StakingHotkeys } from "./stake_storage.ts";
import { OwnedHotkeys, Owner } from "./storage.ts";

export function ownsHotkey(state: TypedState, coldkey: Uint8Array, hotkey: Uint8Array): boolean {
  return state.has(Owner, hotkey) && equalBytes(state.get(Owner, hotkey), coldkey);
}

/** Makes it the coldkey's unless it is somebody's. */
export function createHotkey({ state }: CallContext, coldkey: Uint8Array, hotkey: Uint8Array): void {
  if (state.has(Owner, hotkey)) return;
  state.set(Owner, coldkey, hotkey);
  // What nobody owned is in no list yet: without an owner nothing can be staked on it.
  for (const entry of [OwnedHotkeys, StakingHotkeys]) state.append(entry, hotkey, coldkey);
}

/** The same, for a coldkey that must be its owner. @throws {DispatchFailure} NonAssociatedColdKey */
export function claimHotkey(context: CallContext, coldkey: Uint8Array, hotkey: Uint8Array): void {
  createHotkey(context, coldkey, hotkey);
  if (!ownsHotkey(context.state, coldkey, hotkey)) throw refuse("NonAssociatedColdKey");
}

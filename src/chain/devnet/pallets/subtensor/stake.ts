/** Reading stake: a hotkey's on a subnet, a coldkey's part of it, and what consensus weighs. All in rao. */
import type { TypedState } from "../typed_state.ts";
import { Alpha, TaoWeight, TotalHotkeyAlpha, TotalHotkeyShares } from "./stake_storage.ts";

const ROOT_NETUID = 0;
const WHOLE_WEIGHT = (1n << 64n) - 1n;

/** In the subnet's alpha. */
export function stakeOf(state: TypedState, hotkey: Uint8Array, netuid: number): bigint {
  return state.get(TotalHotkeyAlpha, hotkey, netuid);
}

/** What of it belongs to the coldkey. */
export function stakeOfColdkey(
  state: TypedState,
  hotkey: Uint8Array,
  coldkey: Uint8Array,
  netuid: number,
): bigint {
  const allShares = state.get(TotalHotkeyShares, hotkey, netuid);
  if (allShares === 0n) return 0n;
  return stakeOf(state, hotkey, netuid) * state.get(Alpha, hotkey, coldkey, netuid) / allShares;
}

/** Alpha here and, at its weight, TAO on the root network. */
export function totalStakeOf(state: TypedState, hotkey: Uint8Array, netuid: number): bigint {
  const rootRao = stakeOf(state, hotkey, ROOT_NETUID);
  return stakeOf(state, hotkey, netuid) + rootRao * state.get(TaoWeight) / WHOLE_WEIGHT;
}

/**
 * Stake: a hotkey's on a subnet, and a coldkey's part of it. All in rao. Parts are shares of a
 * pool: who adds gets shares at the pool's present worth, what the pool earns is everybody's. Nothing here moves TAO or
 * counts totals; the calls do.
 */
import { equalBytes } from "../../../../base/bytes.ts";
import type { CallContext } from "../pallet.ts";
import type { StorageEntry } from "../storage_entry.ts";
import type { TypedState } from "../typed_state.ts";
import { Alpha, StakingHotkeys, TaoWeight, TotalHotkeyAlpha, TotalHotkeyShares } from "./stake_storage.ts";

const WHOLE_WEIGHT = (1n << 64n) - 1n;
const SHARE_FRACTION_BITS = 64n;
const ACCOUNT_HASH_BYTES = 16;
const HASHED_ACCOUNT_BYTES = ACCOUNT_HASH_BYTES + 32;

export interface StakePosition {
  readonly hotkey: Uint8Array;
  readonly coldkey: Uint8Array;
  readonly netuid: number;
}

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

/** What TAO on the root network counts for beside alpha. */
export function weighed(state: TypedState, rootRao: bigint): bigint {
  return rootRao * state.get(TaoWeight) / WHOLE_WEIGHT;
}

/** For the coldkey, which becomes one of the hotkey's stakers. */
export function addStake(
  { state }: Pick<CallContext, "state">,
  { hotkey, coldkey, netuid, amountRao }: StakePosition & { amountRao: bigint },
): void {
  if (amountRao === 0n) return;
  const staking = state.get(StakingHotkeys, coldkey);
  if (!staking.some((each) => equalBytes(each, hotkey))) {
    state.set(StakingHotkeys, [...staking, hotkey], coldkey);
  }
  const pooled = stakeOf(state, hotkey, netuid);
  const allShares = state.get(TotalHotkeyShares, hotkey, netuid);
  // One share a rao until the pool has earned something.
  const bought = pooled === 0n || allShares === 0n
    ? amountRao << SHARE_FRACTION_BITS
    : amountRao * allShares / pooled;
  const shares = state.get(Alpha, hotkey, coldkey, netuid);
  state.set(TotalHotkeyAlpha, pooled + amountRao, hotkey, netuid);
  state.set(TotalHotkeyShares, allShares + bought, hotkey, netuid);
  state.set(Alpha, shares + bought, hotkey, coldkey, netuid);
}

/**
 * From the coldkey's part, which the amount must not exceed. A remainder below one rao goes too.
 * @returns what was taken
 */
export function removeStake(
  { state }: Pick<CallContext, "state">,
  { hotkey, coldkey, netuid, amountRao }: StakePosition & { amountRao: bigint },
): bigint {
  const held = stakeOfColdkey(state, hotkey, coldkey, netuid);
  const taken = amountRao < held ? amountRao : held;
  if (taken === 0n) return 0n;
  const pooled = stakeOf(state, hotkey, netuid);
  const allShares = state.get(TotalHotkeyShares, hotkey, netuid);
  const shares = state.get(Alpha, hotkey, coldkey, netuid);
  const priced = (taken * allShares + pooled - 1n) / pooled;
  const sold = taken === held || priced > shares ? shares : priced;
  keepPositive(state, TotalHotkeyAlpha, pooled - taken, hotkey, netuid);
  keepPositive(state, TotalHotkeyShares, allShares - sold, hotkey, netuid);
  keepPositive(state, Alpha, shares - sold, hotkey, coldkey, netuid);
  return taken;
}

/** Everybody who holds shares of a hotkey's stake on the subnet. Looks at the whole state. */
export function stakersOn(state: TypedState, netuid: number): StakePosition[] {
  return state.keysOf(Alpha)
    .map((key) => ({
      hotkey: accountIn(key),
      coldkey: accountIn(key.subarray(HASHED_ACCOUNT_BYTES)),
      netuid: netuidIn(key),
    }))
    .filter((position) => position.netuid === netuid);
}

/** Hotkeys that the map has something of, on the subnet. Looks at the whole state. */
export function hotkeysIn(
  state: TypedState,
  entry: StorageEntry<[Uint8Array, number], unknown, unknown>,
  netuid: number,
): Uint8Array[] {
  return state.keysOf(entry).filter((key) => netuidIn(key) === netuid).map(accountIn);
}

/** Behind its hash. */
const accountIn = (key: Uint8Array) => key.slice(ACCOUNT_HASH_BYTES, HASHED_ACCOUNT_BYTES);
const netuidIn = (key: Uint8Array) => key.at(-2)! | (key.at(-1)! << 8);

/** Earnings: to all who have stake on the hotkey, each by the shares held. */
export function growStake(
  { state }: Pick<CallContext, "state">,
  hotkey: Uint8Array,
  netuid: number,
  amountRao: bigint,
): void {
  state.set(TotalHotkeyAlpha, stakeOf(state, hotkey, netuid) + amountRao, hotkey, netuid);
}

function keepPositive<K extends readonly unknown[]>(
  state: TypedState,
  entry: StorageEntry<K, bigint>,
  value: bigint,
  ...keys: K
): void {
  if (value > 0n) state.set(entry, value, ...keys);
  else state.remove(entry, ...keys);
}

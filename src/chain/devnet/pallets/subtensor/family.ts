/**
 * What child keys mean for stake and pay. A parent lends its children shares of its stake's weight, in alpha and in TAO on the
 * root network alike; what consensus then pays a child's validator is divided by whose stake earned it, and of others'
 * part the child's owner keeps the take.
 */
import { equalBytes } from "../../../../base/bytes.ts";
import type { TypedState } from "../typed_state.ts";
import { ChildKeys, ChildkeyTake, ParentKeys, type Relative } from "./child_storage.ts";
import { stakeOf, weighed } from "./stake.ts";
import { Owner } from "./storage.ts";
import { ROOT_NETUID } from "./subnets.ts";

const WHOLE_SHARE = (1n << 64n) - 1n;
const WHOLE_TAKE = 0xffffn;

/** What consensus weighs: alpha here and, at its weight, TAO on the root network. */
export function totalStakeOf(state: TypedState, hotkey: Uint8Array, netuid: number): bigint {
  return inheritedStakeOf(state, hotkey, netuid) +
    weighed(state, inheritedStakeOf(state, hotkey, netuid, ROOT_NETUID));
}

/**
 * What is the hotkey's own and not lent, and what its parents lend, in the subnet `netuid`.
 * @param pool whose token: the subnet's own, or that of the root network
 */
export function inheritedStakeOf(
  state: TypedState,
  hotkey: Uint8Array,
  netuid: number,
  pool: number = netuid,
): bigint {
  const own = stakeOf(state, hotkey, pool);
  const kept = state.get(ChildKeys, hotkey, netuid)
    .reduce((rest, [share]) => rest - own * share / WHOLE_SHARE, own);
  return state.get(ParentKeys, hotkey, netuid)
    .reduce((sum, [share, parent]) => sum + stakeOf(state, parent, pool) * share / WHOLE_SHARE, kept);
}

function lent(state: TypedState, netuid: number, [share, parent]: Relative): bigint {
  const whole = stakeOf(state, parent, netuid) + weighed(state, stakeOf(state, parent, ROOT_NETUID));
  return whole * share / WHOLE_SHARE;
}

/** @param earnedRao a validator's dividends @returns whose they are; in all as much */
export function divideAmongFamily(
  state: TypedState,
  netuid: number,
  hotkey: Uint8Array,
  earnedRao: bigint,
): { readonly hotkey: Uint8Array; readonly rao: bigint }[] {
  const parents = state.get(ParentKeys, hotkey, netuid);
  const total = totalStakeOf(state, hotkey, netuid);
  if (parents.length === 0 || total === 0n) return [{ hotkey, rao: earnedRao }];
  const owner = state.get(Owner, hotkey);
  const take = BigInt(state.get(ChildkeyTake, hotkey, netuid));
  let restRao = earnedRao;
  const theirs = parents.map(([share, parent]) => {
    const wholeRao = earnedRao * lent(state, netuid, [share, parent]) / total;
    const isOurs = equalBytes(state.get(Owner, parent), owner);
    const rao = isOurs ? wholeRao : wholeRao - wholeRao * take / WHOLE_TAKE;
    restRao -= rao;
    return { hotkey: parent, rao };
  });
  return [...theirs, { hotkey, rao: restRao }];
}

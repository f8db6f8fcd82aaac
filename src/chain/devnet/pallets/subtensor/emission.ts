/**
 * What a subnet that has started emits in each block, as subtensor does: one token, halved whenever half of what is left
 * of 21 million has been issued. The owner's cut goes aside first; of the validators' half a part belongs to who has
 * TAO on the root network, as that TAO weighs beside all alpha; the rest waits for the epoch. What differs: alpha is worth
 * one TAO here, so that root's part is swapped one to one, and nothing flows into pools. Sums are whole rao, where
 * subtensor carries 32 more bits: a share may be one rao smaller.
 */
import type { CallContext } from "../pallet.ts";
import type { TypedState } from "../typed_state.ts";
import type { StorageEntry } from "../storage_entry.ts";
import { PendingAlphaSwapped, PendingOwnerCut, SubnetOwnerCut } from "./epoch_storage.ts";
import { TaoWeight } from "./stake_storage.ts";
import * as subnet from "./subnet_storage.ts";
import { ROOT_NETUID } from "./subnets.ts";

const SUPPLY_RAO = 21_000_000_000_000_000n;
const FIRST_EMISSION_RAO = 1_000_000_000n;
const WHOLE = 0xffffn;
const WHOLE_WEIGHT = (1n << 64n) - 1n;

/** In a block, by what has been issued before. */
export function blockEmission(issuedRao: bigint): bigint {
  let emission = FIRST_EMISSION_RAO;
  const left = SUPPLY_RAO - issuedRao;
  if (left <= 0n) return 0n;
  for (let half = SUPPLY_RAO / 2n; half >= left && emission > 0n; half /= 2n) emission /= 2n;
  return emission;
}

/** One block's emission of one subnet, set aside until its epoch. */
export function emitBlock({ state }: CallContext, netuid: number): void {
  const emission = blockEmission(
    state.get(subnet.SubnetAlphaIn, netuid) + state.get(subnet.SubnetAlphaOut, netuid),
  );
  state.set(subnet.SubnetAlphaOutEmission, emission, netuid);
  increase(state, subnet.SubnetAlphaOut, netuid, emission);
  const ownerCut = emission * BigInt(state.get(SubnetOwnerCut)) / WHOLE;
  const shared = emission - ownerCut;
  const rootPart = rootShare(state, netuid, shared);
  increase(state, PendingOwnerCut, netuid, ownerCut);
  increase(state, PendingAlphaSwapped, netuid, rootPart);
  increase(state, subnet.PendingRootDivs, netuid, rootPart);
  increase(state, subnet.PendingEmission, netuid, shared - rootPart);
}

/** Half of the emission is the validators', and of that as much as root's weighted TAO is of all that weighs. */
function rootShare(state: TypedState, netuid: number, emission: bigint): bigint {
  const weighted = state.get(subnet.SubnetTAO, ROOT_NETUID) * state.get(TaoWeight) / WHOLE_WEIGHT;
  if (weighted === 0n) return 0n;
  const alpha = state.get(subnet.SubnetAlphaIn, netuid) + state.get(subnet.SubnetAlphaOut, netuid);
  return emission * weighted / (weighted + alpha) / 2n;
}

export function increase(
  state: TypedState,
  entry: StorageEntry<[number], bigint>,
  netuid: number,
  amount: bigint,
): void {
  if (amount > 0n) state.set(entry, state.get(entry, netuid) + amount, netuid);
}

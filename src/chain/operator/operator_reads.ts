/** Hotkeys as others stake on them, and their parents and children, from storage. */
import type { ApiPromise } from "@polkadot/api";
import { type ChainView, optionalItem, readItems, requireSubnet, subtensorItem } from "../chain_view.ts";
import { startLimit } from "../rate_limits.ts";
import { unsupported } from "../runtime.ts";
import { publicKeyOf } from "../sr25519.ts";
import type { StorageItem } from "../storage.ts";
import type { Child, Delegation, Family } from "./operator_client.ts";

export async function readDelegation(view: ChainView, hotkey: string): Promise<Delegation> {
  const item = (name: string, ...args: unknown[]) => subtensorItem(view.api, name, ...args);
  const [owner, take, least, most, lastBlock, rateLimit] = await readItems(view, [
    item("owner", hotkey),
    item("delegates", hotkey),
    item("minDelegateTake"),
    item("maxDelegateTake"),
    takeChangeItem(view.api, hotkey),
    item("txDelegateTakeRateLimit"),
  ]);
  const isOwned = publicKeyOf(String(owner)).some((byte) => byte !== 0);
  const changedAt = lastBlock?.toNumber() ?? 0;
  return {
    ...(isOwned ? { owner: String(owner) } : {}),
    take: take.toNumber(),
    leastTake: least.toNumber(),
    mostTake: most.toNumber(),
    // Just at the limit it is still refused.
    raisableAtBlock: changedAt === 0 ? 0 : changedAt + rateLimit.toNumber() + 1,
  };
}

/** Where the runtime keeps when a take was changed last: later ones have one map for all such limits, and the old one empty. */
export function takeChangeItem(api: ApiPromise, hotkey: string): StorageItem | undefined {
  const shared = optionalItem(api, "lastRateLimitedBlock", { LastTxBlockDelegateTake: hotkey });
  try {
    shared?.entry.key(...shared.args);
    if (shared !== undefined) return shared;
  } catch {
    // its keys do not have that kind yet
  }
  return optionalItem(api, "lastTxBlockDelegateTake", hotkey);
}

export async function readFamily(view: ChainView, netuid: number, hotkey: string): Promise<Family> {
  await requireSubnet(view, netuid);
  const item = (name: string, ...args: unknown[]) => subtensorItem(view.api, name, ...args);
  const [children, parents, pending, take, least, leastHere, most] = await readItems(view, [
    item("childKeys", hotkey, netuid),
    item("parentKeys", hotkey, netuid),
    optionalItem(view.api, "pendingChildKeys", netuid, hotkey),
    item("childkeyTake", hotkey, netuid),
    item("minChildkeyTake"),
    optionalItem(view.api, "minChildkeyTakePerSubnet", netuid),
    item("maxChildkeyTake"),
  ]);
  const block = pending?.[1].toNumber() ?? 0;
  const leastTake = Math.max(least.toNumber(), leastHere?.toNumber() ?? 0);
  return {
    children: childrenOf(children),
    parents: childrenOf(parents),
    ...(block === 0 ? {} : { pending: { children: childrenOf(pending[0]), block } }),
    take: Math.max(leastTake, take.toNumber()),
    leastTake,
    mostTake: most.toNumber(),
  };
}

export async function readStartableAtBlock(view: ChainView, netuid: number): Promise<number> {
  await requireSubnet(view, netuid);
  const block = await startLimit(netuid).next(view);
  if (block === undefined) throw unsupported(view.api, "delay of starting a subnet");
  return block;
}

/** @returns undefined where the runtime does not tell, and in all subnets or in one */
export function swapCostRao(view: ChainView, netuid: number | undefined): bigint | undefined {
  return constantOf(view, netuid === undefined ? "keySwapCost" : "keySwapOnSubnetCost")?.toBigInt();
}

// deno-lint-ignore no-explicit-any
const constantOf = ({ api }: ChainView, name: string): any => api.consts.subtensorModule?.[name];

const childrenOf = (list: Iterable<any>): Child[] =>
  [...list].map(([share, hotkey]) => ({ share: share.toBigInt(), hotkey: String(hotkey) }));

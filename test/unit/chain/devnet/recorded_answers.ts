/**
 * The recorded requests asked again, each once: blocks are named by this chain's hashes, accounts are ours. An answer has
 * the recorded shape when it has the same JSON types and keys, and when what is SCALE in it is of the type that the
 * recorded metadata says.
 */
import assert from "node:assert/strict";
import { blake2AsU8a, xxhashAsU8a } from "@polkadot/util-crypto";
import { fromHex, toHex } from "../../../../src/base/bytes.ts";
import { recordedSession } from "../recorded.ts";
import type { Accounts } from "./recorded_calls.ts";

export interface RecordedAnswer {
  readonly method: string;
  readonly params: unknown[];
  readonly answer: unknown;
}

/** The node's own test controls are none of the surface. */
const IS_CONTROL = /^dev_/;
const CHANGES_STATE = /^author_/;

/** One of each: the last, when most is there to be told. Requests that differ in a block's hash only are the same. */
export function recordedAnswers(): RecordedAnswer[] {
  const asked = new Map<number, any>();
  const last = new Map<string, RecordedAnswer>();
  for (const { d, m } of recordedSession()) {
    if (d === ">") asked.set(m.id, m);
    const request = d === "<" ? asked.get(m.id) : undefined;
    if (!request || IS_CONTROL.test(request.method) || CHANGES_STATE.test(request.method)) continue;
    const { method, params } = request;
    const key = JSON.stringify([method, blocksReplaced(method, params, "block")]);
    last.set(key, { method, params, answer: m.result ?? null });
  }
  return [...last.values()];
}

const BLOCK_PARAMETER: Record<string, number> = {
  chain_getHeader: 0,
  chain_getBlock: 0,
  state_getRuntimeVersion: 0,
  state_getStorage: 1,
  state_queryStorageAt: 1,
  state_getKeysPaged: 3,
  state_call: 2,
};

export function blocksReplaced(method: string, params: unknown[], hash: string): unknown[] {
  return params.map((each, i) => i === BLOCK_PARAMETER[method] && each !== null ? hash : each);
}

/** Storage keys have hashes of accounts before them, which change with the account. */
export function accountsReplaced(params: unknown[], accounts: Accounts): unknown[] {
  return JSON.parse(accounts.replaceIn(JSON.stringify(params), (hashed, recorded, ours) => {
    const pairs = [[blake2AsU8a, 128], [xxhashAsU8a, 64]] as const;
    return pairs.reduce(
      (text, [hash, bits]) =>
        text.replaceAll(toHex(hash(fromHex(recorded), bits)), toHex(hash(fromHex(ours), bits))),
      hashed,
    );
  }));
}

/** Types and keys; of a list its first element's. */
function shapeOf(value: unknown): unknown {
  if (value === null) return null;
  if (typeof value === "string") return value.startsWith("0x") ? "hex" : "text";
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object") return typeof value;
  const entries = Object.entries(value!).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([key, each]) => [key, shapeOf(each)]));
}

/** What is not there, in either, has no shape. */
export function assertSameShape(ours: unknown, recorded: unknown, what: string): void {
  if (ours === null || recorded === null) return;
  if (Array.isArray(ours) && Array.isArray(recorded)) {
    if (ours.length > 0 && recorded.length > 0) assertSameShape(ours[0], recorded[0], `${what}[0]`);
    return;
  }
  if (typeof ours !== "object" || typeof recorded !== "object") {
    return assert.deepEqual(shapeOf(ours), shapeOf(recorded), what);
  }
  assert.deepEqual(Object.keys(ours!).sort(), Object.keys(recorded!).sort(), what);
  for (const [key, value] of Object.entries(ours!)) {
    assertSameShape(value, (recorded as Record<string, unknown>)[key], `${what}.${key}`);
  }
}

/** Decodes a stored value by the entry that its key belongs to; what it encodes to again must be the same. */
export function storedTypeOf(registry: any, pallets: any, key: string, value: string): string {
  for (const pallet of pallets) {
    const items = pallet.storage.isSome ? pallet.storage.unwrap() : undefined;
    for (const entry of items?.items ?? []) {
      const prefix = [items.prefix, entry.name].map((name) => toHex(xxhashAsU8a(name.toString(), 128))).join(
        "",
      );
      if (!key.startsWith(`0x${prefix}`)) continue;
      const id = entry.type.isMap ? entry.type.asMap.value : entry.type.asPlain;
      const type = registry.createLookupType(id);
      const again = registry.createType(type, fromHex(value)).toU8a();
      assert.equal(`0x${toHex(again)}`, value, `${pallet.name}.${entry.name}`);
      return `${pallet.name}.${entry.name}`;
    }
  }
  throw new Error(`no entry for ${key}`);
}

/**
 * Reads storage many keys at a time, all at one block, and decodes by the runtime's metadata. It asks for the raw values
 * itself: @polkadot's `api.at` costs a header, a version and a decoration for each block.
 */
import type { ApiPromise } from "@polkadot/api";
import type { Codec } from "@polkadot/types/types";
import { fromHex } from "../base/bytes.ts";
import { chainError, unknownBlock } from "./errors.ts";
import type { StorageEntry } from "./runtime.ts";

export type ChainRequest = (method: string, params: unknown[]) => Promise<any>;

export interface StorageItem {
  readonly entry: StorageEntry;
  readonly args: readonly unknown[];
}

/** Keys a request; 1000 are about 200 KB of JSON each way. */
const REQUEST_KEYS = 1000;

/**
 * @returns in the order asked for: the value, the entry's default where it has one, or null
 * @throws {SkeinError} `chain/request-failed`, also for a block that the node does not know
 */
export async function readStorage(
  api: ApiPromise,
  request: ChainRequest,
  items: readonly StorageItem[],
  blockHash: string,
): Promise<(Codec | null)[]> {
  const keys = items.map(({ entry, args }) => entry.key(...args));
  const values = new Map<string, string | null>();
  for (let at = 0; at < keys.length; at += REQUEST_KEYS) {
    const sets = await request("state_queryStorageAt", [keys.slice(at, at + REQUEST_KEYS), blockHash]);
    // Some nodes answer nothing about a block that they do not know: read as defaults, all accounts would be empty.
    if (!Array.isArray(sets) || sets.length === 0) throw unknownBlock(blockHash);
    for (const { changes } of sets) for (const [key, value] of changes) values.set(key, value);
  }
  return items.map(({ entry }, i) => decodeValue(api, entry, values.get(keys[i]) ?? null));
}

function decodeValue(api: ApiPromise, entry: StorageEntry, value: string | null): Codec | null {
  const { type, modifier, fallback } = entry.creator.meta;
  if (value === null && modifier.isOptional) return null;
  const name = api.registry.createLookupType(type.isPlain ? type.asPlain : type.asMap.value);
  // As bytes: a hex string would be read as a number, the other way round.
  const bytes = value === null ? fallback.toU8a(true) : fromHex(value);
  return decodeAnswer(api, name, bytes, `storage ${entry.creator.section}.${entry.creator.method}`);
}

/**
 * What a node answers is of the runtime that it has, which may be another than the API has heard of so far.
 * @throws {SkeinError} `chain/request-failed`
 */
export function decodeAnswer(api: ApiPromise, type: string, bytes: Uint8Array, what: string): Codec {
  try {
    return api.registry.createTypeUnsafe(type, [bytes]);
  } catch (error) {
    throw chainError(
      "chain/request-failed",
      `read ${what}: ${bytes.byteLength} bytes that are no ${type} of runtime ${api.runtimeVersion.specVersion}, try again: the ` +
        `chain may have been upgraded just now`,
      { type },
      error,
    );
  }
}

/** The chain at one block, for functions that read: storage by its entries, and the runtime's own functions by name. */
import type { ApiPromise } from "@polkadot/api";
import type { Codec } from "@polkadot/types/types";
import { concatBytes, fromHex, toHex } from "../base/bytes.ts";
import { chainError, unknownBlock } from "./errors.ts";
import { findStorage, tryStorage } from "./runtime.ts";
import { type ChainRequest, decodeAnswer, readStorage, type StorageItem } from "./storage.ts";

export interface BlockRef {
  readonly number: number;
  readonly hash: string;
}

export interface ChainView {
  readonly api: ApiPromise;
  readonly request: ChainRequest;
  readonly block: BlockRef;
}

/** @throws {SkeinError} `chain/unsupported-runtime` */
export function subtensorItem(api: ApiPromise, name: string, ...args: unknown[]): StorageItem {
  return { entry: findStorage(api, "subtensorModule", name), args };
}

/** As many values as `items`; where the runtime has no such entry the item is undefined and so is the value. */
export async function readItems(
  { api, request, block }: ChainView,
  items: readonly (StorageItem | undefined)[],
): Promise<any[]> {
  const present = items.filter((item) => item !== undefined);
  const values = await readStorage(api, request, present, block.hash);
  let next = 0;
  return items.map((item) => item === undefined ? undefined : values[next++]);
}

/** For entries that some runtimes have. */
export function optionalItem(api: ApiPromise, name: string, ...args: unknown[]): StorageItem | undefined {
  const entry = tryStorage(api, "subtensorModule", name);
  return entry && { entry, args };
}

/** @throws {SkeinError} `chain/subnet-missing` for a subnet that does not exist: its entries would read as an empty one */
export async function requireSubnet(view: ChainView, netuid: number): Promise<void> {
  const [added] = await readItems(view, [optionalItem(view.api, "networksAdded", netuid)]);
  if (added === undefined || added.isTrue) return;
  throw subnetMissing(netuid);
}

export function subnetMissing(netuid: number): Error {
  return chainError(
    "chain/subnet-missing",
    `read subnet ${netuid}: there is none, a subnet of this chain is required, check --netuid and the network`,
    { netuid },
  );
}

interface RuntimeFunction {
  readonly name: string;
  readonly params: readonly { readonly type: string }[];
  readonly type: string;
}

/**
 * Asks a function of the runtime.
 * @param methods in camelCase; the first that the runtime has
 * @returns the decoded answer, or undefined when the runtime has none of them
 */
export async function callRuntime(
  { api, request, block }: ChainView,
  section: string,
  methods: readonly string[],
  args: readonly unknown[],
): Promise<Codec | undefined> {
  const functions = api.call[section] as unknown as Record<string, { meta: unknown }> | undefined;
  const method = methods.find((name) => functions?.[name] !== undefined);
  if (method === undefined) return undefined;
  const { name, params, type } = functions![method].meta as RuntimeFunction;
  const { registry } = api;
  const encoded = concatBytes(
    ...params.map((param, i) => registry.createTypeUnsafe(param.type, [args[i]]).toU8a()),
  );
  const answer: string = await request("state_call", [name, `0x${toHex(encoded)}`, block.hash]);
  return decodeAnswer(api, type, fromHex(answer), `runtime function ${name}`);
}

/** The numbers of a map's keys at the block: for maps whose first key is a u16 under the identity hasher. */
export async function firstKeys({ api, request, block }: ChainView, name: string): Promise<number[]> {
  const entry = findStorage(api, "subtensorModule", name);
  const prefix = entry.keyPrefix();
  const numbers: number[] = [];
  let after = prefix;
  for (;;) {
    const keys: string[] | null = await request("state_getKeysPaged", [prefix, KEYS_PAGE, after, block.hash]);
    if (keys === null) throw unknownBlock(block.hash);
    for (const key of keys) {
      const bytes = fromHex(key.slice(prefix.length));
      numbers.push(bytes[0] | (bytes[1] << 8));
    }
    if (keys.length < KEYS_PAGE) return numbers.sort((a, b) => a - b);
    const last = keys[keys.length - 1];
    // Pages go up, and there are no more numbers than a u16 has: a node that says otherwise would be asked for ever.
    if (last <= after || numbers.length > MAX_KEYS) {
      throw chainError(
        "chain/request-failed",
        `list the keys of ${name}: the node's pages do not end, another node is required`,
      );
    }
    after = last;
  }
}

const KEYS_PAGE = 1000;
const MAX_KEYS = 65_536;

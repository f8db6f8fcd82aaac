/** state_*: storage by raw key at the head or a recent block, metadata, runtime version and runtime APIs. */
import { blake2AsU8a } from "@polkadot/util-crypto";
import { isSkeinError } from "../../../base/errors.ts";
import { hex } from "../blocks/block.ts";
import type { Changes } from "../blocks/block.ts";
import type { Chain, StateView } from "../blocks/chain.ts";
import { Overlay } from "../pallets/overlay.ts";
import { TypedState } from "../pallets/typed_state.ts";
import { RpcError } from "../pool/refusal.ts";
import type { RuntimeApiMethod } from "../runtime/apis/runtime_api.ts";
import { RUNTIME_APIS } from "../runtime/runtime_apis.ts";
import { runtimeVersionJson } from "../runtime/version.ts";
import { tuple } from "../../scale/composite_types.ts";
import { decodeValue, encodeValue } from "../../scale/scale_type.ts";
import { type Method, type Methods, type NodeParts, unsubscribe } from "./method.ts";
import type { Params } from "./params.ts";

const MAX_PAGE_KEYS = 1000;
const PRESENT_METADATA = 14;

/** @throws {RpcError} for a block that is unknown or whose state is gone */
function stateAt(chain: Chain, hash: string | undefined): StateView {
  const block = hash === undefined ? chain.head : chain.blockOf(hash);
  if (!block) throw unknownBlock(hash!);
  const state = chain.stateAt(block.header.number);
  if (!state) throw new RpcError(4003, `Client error: UnknownBlock: State already discarded for ${hash}`);
  return state;
}

const unknownBlock = (hash: string) =>
  new RpcError(4003, `Client error: UnknownBlock: Header was not found in the database: ${hash}`);
const hexOrNull = (value: Uint8Array | undefined) => value ? hex(value) : null;

const getStorage: Method = (params, { chain }) =>
  hexOrNull(stateAt(chain, params.optionalHex(1)).get(params.hex(0)));

const queryStorageAt: Method = (params, { chain }) => {
  const hash = params.optionalHex(1);
  const state = stateAt(chain, hash);
  return [{
    block: hash ?? chain.head.hash,
    changes: params.hexList(0).map((key) => [key, hexOrNull(state.get(key))]),
  }];
};

/**
 * Block by block from the first hash to the second, or to the head; after the first block only what changed. Worked out
 * backwards, by what each block replaced: the state of each anew would take time by the square of the range.
 */
const queryStorage: Method = (params, { chain }) => {
  const keys = params.hexList(0);
  const from = numberOf(chain, params.hex(1));
  const to = params.isAbsent(2) ? chain.head.header.number : numberOf(chain, params.hex(2));
  if (from > to) {
    const range = `${params.hex(1)} ... ${params.optionalHex(2) ?? chain.head.hash}`;
    throw new RpcError(
      4001,
      `Cannot resolve a block range [${range}]: its first block ${from} is after ${to}`,
    );
  }
  stateAt(chain, chain.hashAt(from)); // the oldest is the first that is gone
  const state = stateAt(chain, chain.hashAt(to));
  const values = new Map(keys.map((key) => [key, hexOrNull(state.get(key))]));
  const sets = [];
  for (let number = to; number >= from; number--) {
    const replaced = number > from ? chain.replacedBy(number)! : undefined;
    const before = (key: string) => replaced?.has(key) ? hexOrNull(replaced.get(key)) : values.get(key);
    const changed = replaced ? keys.filter((key) => before(key) !== values.get(key)) : keys;
    const changes = changed.map((key) => [key, values.get(key)]);
    if (changes.length > 0) sets.push({ block: chain.hashAt(number), changes });
    for (const key of changed) values.set(key, before(key) ?? null);
  }
  return sets.reverse();
};

function numberOf(chain: Chain, hash: string): number {
  const block = chain.blockOf(hash);
  if (!block) throw unknownBlock(hash);
  return block.header.number;
}

const getKeysPaged: Method = (params, { chain }) => {
  const keys = stateAt(chain, params.optionalHex(3)).keys(params.optionalHex(0) ?? "0x");
  const after = params.optionalHex(2);
  const start = after === undefined ? 0 : keys.findIndex((key) => key > after);
  return start < 0 ? [] : keys.slice(start, start + params.count(1, MAX_PAGE_KEYS));
};

const subscribeStorage: Method = (params, { chain }, subscriber) => {
  const keys = params.hexList(0);
  return subscriber.subscribe("state_storage", (notify) => {
    const told = (block: string, wanted: string[]) =>
      notify({ block, changes: wanted.map((key) => [key, hexOrNull(chain.get(key))]) });
    told(chain.head.hash, keys);
    return chain.onBlock((block, changes: Changes) => {
      const changed = keys.filter((key) => changes.has(key));
      if (changed.length > 0) told(block.hash, changed);
    });
  });
};

const subscribeRuntimeVersion: Method = (_params, _parts, subscriber) =>
  subscriber.subscribe("state_runtimeVersion", (notify) => {
    notify(runtimeVersionJson());
    return () => {};
  });

const runtimeFunctions = new Map<string, RuntimeApiMethod>(
  RUNTIME_APIS.flatMap(({ name, methods }) => methods.map((method) => [`${name}_${method.name}`, method])),
);

function callRuntime(params: Params, { chain, metadata }: NodeParts): string {
  const name = params.text(0);
  const method = runtimeFunctions.get(name);
  if (!method) {
    throw new RpcError(4003, `Client error: Execution failed: Exported method ${name} is not found`);
  }
  const view = stateAt(chain, params.optionalHex(2));
  const inputs = decodeInputs(method, params.bytes(1));
  const context = {
    state: new TypedState(new Overlay(view)),
    keys: (prefix: string) => view.keys(prefix),
    metadata,
  };
  return hex(encodeValue(method.output, method.run(inputs, context)));
}

function decodeInputs(method: RuntimeApiMethod, encoded: Uint8Array): readonly unknown[] {
  try {
    return decodeValue(tuple(...Object.values(method.inputs)), encoded);
  } catch (error) {
    if (!isSkeinError(error, "scale/undecodable")) throw error;
    throw new RpcError(4003, `Client error: Execution failed: ${error.message}`);
  }
}

export const stateMethods: Methods = {
  state_call: callRuntime,
  state_getKeys: (params, { chain }) => stateAt(chain, params.optionalHex(1)).keys(params.hex(0)),
  state_getKeysPaged: getKeysPaged,
  state_getKeysPagedAt: getKeysPaged,
  state_getMetadata: (_params, { metadata }) => hex(metadata(PRESENT_METADATA)!),
  state_getRuntimeVersion: runtimeVersionJson,
  chain_getRuntimeVersion: runtimeVersionJson,
  state_getStorage: getStorage,
  state_getStorageAt: getStorage,
  state_getStorageHash(params, { chain }) {
    const value = stateAt(chain, params.optionalHex(1)).get(params.hex(0));
    return value ? hex(blake2AsU8a(value, 256)) : null;
  },
  state_getStorageSize: (params, { chain }) =>
    stateAt(chain, params.optionalHex(1)).get(params.hex(0))?.byteLength ?? null,
  state_queryStorage: queryStorage,
  state_queryStorageAt: queryStorageAt,
  state_subscribeRuntimeVersion: subscribeRuntimeVersion,
  chain_subscribeRuntimeVersion: subscribeRuntimeVersion,
  state_subscribeStorage: subscribeStorage,
  state_unsubscribeRuntimeVersion: unsubscribe,
  chain_unsubscribeRuntimeVersion: unsubscribe,
  state_unsubscribeStorage: unsubscribe,
};

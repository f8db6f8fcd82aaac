/** A chain's head with the entries that a test names, and no chain behind it: for runtimes of which there is no metadata here. */
import { TypeRegistry } from "@polkadot/types";
import { toHex } from "../../../src/base/bytes.ts";
import type { ChainView } from "../../../src/chain/chain_view.ts";
import { cryptoReady, devAccount } from "../../../src/chain/sr25519.ts";

await cryptoReady();

/** Entries by name: type, and the value at the block or undefined for none. */
export type Entries = Record<string, readonly [type: string, value: unknown]>;

/** Functions of the runtime by section and name in camelCase: the answer's type, and the answer. */
export type Functions = Record<string, Record<string, readonly [type: string, answer: unknown]>>;

/** A head of a runtime that has these entries, those calls of AdminUtils, those functions and nothing else. */
export function viewOf(
  number: number,
  entries: Entries,
  { calls = [] as string[], spec = 425, functions = {} as Functions, types = {}, constants = {} } = {},
): ChainView {
  const registry = new TypeRegistry();
  registry.register(types);
  const entry = (name: string) => ({
    key: () => name,
    creator: {
      meta: {
        type: { isPlain: true, asPlain: entries[name][0] },
        modifier: { isOptional: entries[name][1] === undefined },
      },
    },
  });
  const api = {
    registry: Object.assign(registry, { createLookupType: (type: string) => type }),
    runtimeVersion: { specName: "test", specVersion: registry.createType("u32", spec) },
    query: {
      subtensorModule: Object.fromEntries(Object.keys(entries).map((name) => [name, entry(name)])),
    },
    tx: {
      adminUtils: Object.fromEntries(calls.map((name) => [name, () => {}])),
      subtensorModule: { revealWeights: () => {} },
    },
    consts: { subtensorModule: constants },
    call: Object.fromEntries(
      Object.entries(functions).map(([section, methods]) => [
        section,
        Object.fromEntries(
          Object.entries(methods).map(([name, [type]]) => {
            const params = [{ name: "netuid", type: "u16" }];
            return [name, { meta: { name: `${section}.${name}`, params, type } }];
          }),
        ),
      ]),
    ),
  };
  const encoded = ([type, value]: readonly [string, unknown]) => registry.createType(type as "u32", value);
  const request = (method: string, [asked]: any[]) => {
    if (method === "state_call") {
      const [section, name] = asked.split(".");
      // An Option's own hex lacks its first byte.
      return Promise.resolve(`0x${toHex(encoded(functions[section][name]).toU8a())}`);
    }
    return Promise.resolve([{
      changes: asked.map((name: string) => [
        name,
        entries[name][1] === undefined ? null : encoded(entries[name]).toHex(true),
      ]),
    }]);
  };
  const hash = `0x${"00".repeat(32)}`;
  return { api, request, block: { number, hash } } as unknown as ChainView;
}

/** //Bob's subnet of three neurons without permits, the third of which is the one that asks. */
export const SUBNET: Entries = {
  networksAdded: ["bool", true],
  uids: ["u16", 2],
  subnetworkN: ["u16", 3],
  tempo: ["u16", 20],
  weightsVersionKey: ["u64", 0],
  minAllowedWeights: ["u16", 8],
  maxWeightsLimit: ["u16", 1000],
  revealPeriodEpochs: ["u64", 1],
  validatorPermit: ["Vec<bool>", [false, false, false]],
  lastUpdate: ["Vec<u64>", [0, 0, 100]],
  weightsSetRateLimit: ["u64", 100],
  subnetOwnerHotkey: ["AccountId32", devAccount("//Bob").address],
};

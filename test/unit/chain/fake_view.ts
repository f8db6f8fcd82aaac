/** A chain's head with the entries that a test names, and no chain behind it: for runtimes of which there is no metadata here. */
import { TypeRegistry } from "@polkadot/types";
import type { ChainView } from "../../../src/chain/chain_view.ts";
import { cryptoReady, devAccount } from "../../../src/chain/sr25519.ts";

await cryptoReady();

/** Entries by name: type, and the value at the block or undefined for none. */
export type Entries = Record<string, readonly [type: string, value: unknown]>;

/** A head of a runtime that has these entries, those calls of AdminUtils and nothing else. */
export function viewOf(
  number: number,
  entries: Entries,
  { calls = [] as string[], spec = 425 } = {},
): ChainView {
  const registry = new TypeRegistry();
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
  };
  const request = (_: string, [keys]: any[]) =>
    Promise.resolve([{
      changes: keys.map((name: string) => {
        const [type, value] = entries[name];
        return [name, value === undefined ? null : registry.createType(type as "u32", value).toHex(true)];
      }),
    }]);
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

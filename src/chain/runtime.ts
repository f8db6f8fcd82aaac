/**
 * What the runtime at the other end has, asked of its own metadata: calls, storage entries, variants. Runtimes move on, so
 * names are given newest first, and one that is missing is named in the error.
 */
import type { ApiPromise } from "@polkadot/api";
import type { QueryableStorageEntry, SubmittableExtrinsic } from "@polkadot/api/types";
import { chainError } from "./errors.ts";
import type { ChainRequest } from "./storage.ts";

export interface ExtrinsicBuilder {
  (...args: unknown[]): SubmittableExtrinsic<"promise">;
  /** Of the call in the metadata; the arguments' names in camelCase. */
  readonly meta: {
    readonly name: { toString(): string };
    readonly args: readonly {
      readonly name: { toString(): string };
      readonly type: { toString(): string };
    }[];
  };
}
export type StorageEntry = QueryableStorageEntry<"promise">;

/**
 * @param pallet and @param names in camelCase, as @polkadot/api spells them; the newest name first
 * @throws {SkeinError} `chain/unsupported-runtime`
 */
export function findCall(api: ApiPromise, pallet: string, ...names: string[]): ExtrinsicBuilder {
  for (const name of names) {
    const call = api.tx[pallet]?.[name];
    if (call !== undefined) return call as unknown as ExtrinsicBuilder;
  }
  throw unsupported(api, `call ${pallet}.${names.join(" or ")}`);
}

/** @throws {SkeinError} `chain/unsupported-runtime` */
export function findStorage(api: ApiPromise, pallet: string, ...names: string[]): StorageEntry {
  const entry = tryStorage(api, pallet, ...names);
  if (entry === undefined) throw unsupported(api, `storage ${pallet}.${names.join(" or ")}`);
  return entry;
}

export function tryStorage(api: ApiPromise, pallet: string, ...names: string[]): StorageEntry | undefined {
  for (const name of names) {
    const entry = api.query[pallet]?.[name];
    if (entry !== undefined) return entry;
  }
}

/** Those whose bytes in a transaction are known to @polkadot/api; of all others it takes it that they have none. */
const EXTENSIONS_WITH_BYTES = [
  ...["CheckEra", "CheckMortality", "CheckNonce", "CheckMetadataHash"],
  ...["ChargeTransactionPayment", "ChargeAssetTxPayment"],
];

/**
 * Each transaction would be garbage to a runtime that wants something else in it.
 * @throws {SkeinError} `chain/unsupported-runtime`
 */
export function requireKnownExtensions(api: ApiPromise): void {
  for (const { identifier, type } of api.runtimeMetadata?.asLatest.extrinsic.transactionExtensions ?? []) {
    const name = String(identifier);
    if (EXTENSIONS_WITH_BYTES.includes(name) || api.registry.lookup.getTypeDef(type).type === "Null") {
      continue;
    }
    throw unsupported(api, `transaction without extension ${name}`);
  }
}

/** Between two blocks, as the runtime means it to be; undefined where it does not tell. */
export function meantBlockMs({ consts }: ApiPromise): number | undefined {
  const slot = consts?.aura?.slotDuration ?? consts?.babe?.expectedBlockTime;
  if (slot !== undefined) return Number(slot);
  const period = consts?.timestamp?.minimumPeriod;
  return period === undefined ? undefined : 2 * Number(period);
}

/** Whether the node runs another version of the runtime than the API has heard of so far. */
export async function hasMovedOn(api: ApiPromise, request: ChainRequest): Promise<boolean> {
  const { specVersion } = await request("state_getRuntimeVersion", []);
  return Number(specVersion) !== api.runtimeVersion.specVersion.toNumber();
}

export function unsupported(api: ApiPromise, missing: string): Error {
  const { specName, specVersion } = api.runtimeVersion;
  return chainError(
    "chain/unsupported-runtime",
    `use runtime ${specName} ${specVersion}: it has no ${missing}, which this version needs, update Skein or use another chain`,
    { missing, specVersion: specVersion.toNumber() },
  );
}

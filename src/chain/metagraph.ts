/**
 * The metagraph from storage, in three requests at one block: the subnet's vectors, then its hotkeys, then what belongs to
 * each hotkey. Values come from strangers: they are decoded by type and bounded by the chain.
 */
import type { ApiPromise } from "@polkadot/api";
import type { Codec } from "@polkadot/types/types";
import { chainError } from "./errors.ts";
import { formatIpInteger } from "./ip_address.ts";
import { findStorage, tryStorage } from "./runtime.ts";
import { type ChainRequest, readStorage, type StorageItem } from "./storage.ts";

export interface Neuron {
  readonly uid: number;
  readonly hotkey: string;
  readonly coldkey: string;
  /** The bytes of the commitment's first raw field. */
  readonly commitment: Uint8Array | null;
  readonly hasValidatorPermit: boolean;
  readonly lastUpdateBlock: number;
  readonly axon: { readonly ip: string; readonly port: number } | null;
}

/** Immutable snapshot at one block; neurons in the order of their uids. */
export interface Metagraph {
  readonly netuid: number;
  readonly block: number;
  readonly neurons: readonly Neuron[];
}

export interface BlockRef {
  readonly number: number;
  readonly hash: string;
}

/** Validator uid → (uid → u16). */
export type Weights = ReadonlyMap<number, ReadonlyMap<number, number>>;

/** @throws {SkeinError} `chain/subnet-missing`, `chain/unsupported-runtime` */
export async function readMetagraph(
  api: ApiPromise,
  request: ChainRequest,
  netuid: number,
  block: BlockRef,
): Promise<Metagraph> {
  const read = (items: StorageItem[]) => readStorage(api, request, items, block.hash);
  const item = (name: string, ...args: unknown[]) => subtensorItem(api, name, ...args);
  const [neuronCount, permits, updates] = await readSubnet(api, read, netuid, [
    item("validatorPermit", netuid),
    item("lastUpdate", netuid),
  ]);
  const uids = range(neuronCount);
  const hotkeys = (await read(uids.map((uid) => item("keys", netuid, uid)))).map(String);
  const commitmentOf = findStorage(api, "commitments", "commitmentOf");
  const details = await read(hotkeys.flatMap((hotkey) => [
    item("owner", hotkey),
    { entry: commitmentOf, args: [netuid, hotkey] },
    item("axons", netuid, hotkey),
  ]));
  const permitOf = permits!.toJSON() as boolean[];
  const updateOf = updates!.toJSON() as (number | string)[];
  const neurons = hotkeys.map((hotkey, uid): Neuron => ({
    uid,
    hotkey,
    coldkey: String(details[3 * uid]),
    commitment: rawCommitment(details[3 * uid + 1]),
    hasValidatorPermit: permitOf[uid] ?? false,
    lastUpdateBlock: Number(updateOf[uid] ?? 0),
    axon: axonAddress(details[3 * uid + 2]),
  }));
  return { netuid, block: block.number, neurons };
}

/** Validators without weights are left out. */
export async function readWeights(
  api: ApiPromise,
  request: ChainRequest,
  netuid: number,
  block: BlockRef,
): Promise<Weights> {
  const read = (items: StorageItem[]) => readStorage(api, request, items, block.hash);
  const [neuronCount] = await readSubnet(api, read, netuid, []);
  const rows = await read(range(neuronCount).map((uid) => subtensorItem(api, "weights", netuid, uid)));
  const weights = new Map<number, ReadonlyMap<number, number>>();
  rows.forEach((row, uid) => {
    const pairs = row!.toJSON() as [number, number][];
    if (pairs.length > 0) weights.set(uid, new Map(pairs));
  });
  return weights;
}

export function subtensorItem(api: ApiPromise, name: string, ...args: unknown[]): StorageItem {
  return { entry: findStorage(api, "subtensorModule", name), args };
}

/** The neuron count, then the values of `items`. A subnet that does not exist would read as an empty one: it is refused. */
async function readSubnet(
  api: ApiPromise,
  read: (items: StorageItem[]) => Promise<(Codec | null)[]>,
  netuid: number,
  items: StorageItem[],
): Promise<[number, ...(Codec | null)[]]> {
  const added = tryStorage(api, "subtensorModule", "networksAdded");
  const asked = [subtensorItem(api, "subnetworkN", netuid), ...items];
  if (added !== undefined) asked.push({ entry: added, args: [netuid] });
  const values = await read(asked);
  if (added !== undefined && values.pop()!.toJSON() !== true) {
    throw chainError(
      "chain/subnet-missing",
      `read subnet ${netuid}: there is none, a subnet of this chain is required, check --netuid and the network`,
      { netuid },
    );
  }
  return [Number(values[0]), ...values.slice(1)];
}

/** Registration{info{fields: [Data]}}: Raw0…Raw128 carry fixed arrays, BigRaw a vector. */
function rawCommitment(registration: Codec | null): Uint8Array | null {
  if (registration === null) return null;
  const { fields } = (registration as any).info;
  for (const field of fields) {
    if (/^(Raw\d+|BigRaw)$/.test(field.type)) return Uint8Array.from(field.value.toU8a(true));
  }
  return null;
}

function axonAddress(axon: Codec | null): Neuron["axon"] {
  if (axon === null) return null;
  const { ip, port, ipType } = axon as any;
  const kind = ipType.toNumber();
  if (port.toNumber() === 0 || (kind !== 4 && kind !== 6)) return null;
  return { ip: formatIpInteger(ip.toBigInt(), kind), port: port.toNumber() };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

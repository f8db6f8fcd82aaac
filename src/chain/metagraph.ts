/**
 * A subnet's neurons, all at one block: from the runtime's own answer where it has one, from storage otherwise. Values come
 * from strangers: they are decoded by type and bounded by the chain.
 */
import { type ChainView, optionalItem, readItems, requireSubnet, subtensorItem } from "./chain_view.ts";
import { formatIpInteger } from "./ip_address.ts";
import { metagraphOfRuntime } from "./metagraph_of_runtime.ts";
import { findStorage } from "./runtime.ts";

export interface Neuron {
  readonly uid: number;
  readonly hotkey: string;
  readonly coldkey: string;
  /** The bytes of the commitment's first raw field. */
  readonly commitment: Uint8Array | null;
  readonly hasValidatorPermit: boolean;
  readonly lastUpdateBlock: number;
  readonly axon: Axon | null;
  /** What consensus weighs, in rao. */
  readonly stake: bigint;
  /** What the last epoch paid, in rao. */
  readonly emission: bigint;
  readonly isActive: boolean;
  /** Of the last epoch, each 0…65535. */
  readonly consensus: number;
  readonly incentive: number;
  readonly dividends: number;
  readonly validatorTrust: number;
  /** As above; runtimes that keep them no longer give 0. */
  readonly rank: number;
  readonly trust: number;
}

export interface Axon {
  readonly ip: string;
  readonly port: number;
}

/** Immutable snapshot at one block; neurons in the order of their uids. */
export interface Metagraph {
  readonly netuid: number;
  readonly block: number;
  readonly neurons: readonly Neuron[];
}

/** Validator uid → (uid → u16). */
export type Weights = ReadonlyMap<number, ReadonlyMap<number, number>>;

/** @throws {SkeinError} `chain/subnet-missing`, `chain/unsupported-runtime` */
export async function readMetagraph(view: ChainView, netuid: number): Promise<Metagraph> {
  const found = await metagraphOfRuntime(view, netuid) ?? await metagraphOfStorage(view, netuid);
  const entry = findStorage(view.api, "commitments", "commitmentOf");
  const commitments = await readItems(view, found.map(({ hotkey }) => ({ entry, args: [netuid, hotkey] })));
  const neurons = found.map((neuron, i): Neuron => ({
    ...neuron,
    commitment: rawCommitment(commitments[i]),
  }));
  return { netuid, block: view.block.number, neurons };
}

/** Validators without weights are left out. */
export async function readWeights(view: ChainView, netuid: number): Promise<Weights> {
  await requireSubnet(view, netuid);
  const [count] = await readItems(view, [subtensorItem(view.api, "subnetworkN", netuid)]);
  const rows = await readItems(
    view,
    range(count.toNumber()).map((uid) => subtensorItem(view.api, "weights", netuid, uid)),
  );
  const weights = new Map<number, ReadonlyMap<number, number>>();
  rows.forEach((row, uid) => {
    const pairs = row.toJSON() as [number, number][];
    if (pairs.length > 0) weights.set(uid, new Map(pairs));
  });
  return weights;
}

const COLUMNS = [
  "validatorPermit",
  "lastUpdate",
  "emission",
  "active",
  "consensus",
  "incentive",
  "dividends",
  "validatorTrust",
  "rank",
  "trust",
];

/** In three requests: the subnet's vectors, then its hotkeys, then what belongs to each hotkey. */
async function metagraphOfStorage(view: ChainView, netuid: number): Promise<Omit<Neuron, "commitment">[]> {
  const { api } = view;
  await requireSubnet(view, netuid);
  const [count, ...columns] = await readItems(view, [
    subtensorItem(api, "subnetworkN", netuid),
    ...COLUMNS.map((name) => optionalItem(api, name, netuid)),
  ]);
  const uids = range(count.toNumber());
  const hotkeys = (await readItems(view, uids.map((uid) => subtensorItem(api, "keys", netuid, uid)))).map(
    String,
  );
  const details = await readItems(
    view,
    hotkeys.flatMap((hotkey) => [
      subtensorItem(api, "owner", hotkey),
      subtensorItem(api, "axons", netuid, hotkey),
      optionalItem(api, "totalHotkeyAlpha", hotkey, netuid),
    ]),
  );
  return hotkeys.map((hotkey, uid) => {
    const at = (name: string) => columns[COLUMNS.indexOf(name)]?.[uid];
    const number = (name: string): number => Number(at(name) ?? 0);
    const [coldkey, axon, alpha] = details.slice(3 * uid, 3 * uid + 3);
    return {
      uid,
      hotkey,
      coldkey: String(coldkey),
      hasValidatorPermit: at("validatorPermit")?.isTrue ?? false,
      lastUpdateBlock: number("lastUpdate"),
      axon: axonAddress(axon),
      stake: alpha?.toBigInt() ?? 0n,
      emission: BigInt(at("emission") ?? 0),
      isActive: at("active")?.isTrue ?? false,
      consensus: number("consensus"),
      incentive: number("incentive"),
      dividends: number("dividends"),
      validatorTrust: number("validatorTrust"),
      rank: number("rank"),
      trust: number("trust"),
    };
  });
}

/** Registration{info{fields: [Data]}}: Raw0…Raw128 carry fixed arrays, BigRaw a vector. */
export function rawCommitment(registration: any): Uint8Array | null {
  if (registration === null) return null;
  for (const field of registration.info.fields) {
    if (/^(Raw\d+|BigRaw)$/.test(field.type)) return Uint8Array.from(field.value.toU8a(true));
  }
  return null;
}

/** An AxonInfo, which was never served when its port is 0. */
export function axonAddress(axon: any): Axon | null {
  if (axon === null) return null;
  const { ip, port, ipType } = axon;
  const kind = ipType.toNumber();
  if (port.toNumber() === 0 || (kind !== 4 && kind !== 6)) return null;
  return { ip: formatIpInteger(ip.toBigInt(), kind), port: port.toNumber() };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/**
 * One subnet at one block, for the APIs that describe it: each storage value is decoded once, however many fields or
 * neurons ask for it.
 */
import type { ValueOf } from "../../../scale/scale_type.ts";
import { inheritedStakeOf, totalStakeOf } from "../../pallets/subtensor/family.ts";
import * as at from "../../pallets/subtensor/storage.ts";
import * as more from "../../pallets/subtensor/subnet_storage.ts";
import { type StorageEntry, storageKey } from "../../pallets/storage_entry.ts";
import { BlockNumber } from "../../pallets/system.ts";
import { fromHex, utf8 } from "../../../../base/bytes.ts";
import type { RuntimeApiContext } from "./runtime_api.ts";

export const ROOT_NETUID = 0;
const NETUID_BYTES = 2;
const NO_AXON: ValueOf<typeof at.axonInfo> = {
  block: 0n,
  version: 0,
  ip: 0n,
  port: 0,
  ip_type: 0,
  protocol: 0,
  placeholder1: 0,
  placeholder2: 0,
};

export interface NeuronView {
  readonly subnet: SubnetView;
  readonly uid: number;
  readonly hotkey: Uint8Array;
  readonly coldkey: Uint8Array;
}

export class SubnetView {
  readonly context: RuntimeApiContext;
  readonly netuid: number;
  readonly #values = new Map<string, unknown>();
  #neurons: readonly NeuronView[] | undefined;

  constructor(context: RuntimeApiContext, netuid: number) {
    this.context = context;
    this.netuid = netuid;
  }

  get block(): bigint {
    return BigInt(this.context.state.get(BlockNumber));
  }

  /** Of an entry that has the netuid for its only key. */
  value<V, A>(entry: StorageEntry<[number], V, A>): V | A {
    if (!this.#values.has(entry.name)) {
      this.#values.set(entry.name, this.context.state.get(entry, this.netuid));
    }
    return this.#values.get(entry.name) as V | A;
  }

  /** By uid. */
  get neurons(): readonly NeuronView[] {
    return this.#neurons ??= Array.from({ length: this.value(at.SubnetworkN) }, (_, uid) => {
      const hotkey = this.context.state.get(at.Keys, this.netuid, uid);
      return { subnet: this, uid, hotkey, coldkey: this.context.state.get(at.Owner, hotkey) };
    });
  }

  get blocksSinceLastStep(): bigint {
    const since = this.block - this.value(more.LastMechansimStepBlock);
    return since > 0n ? since : 0n;
  }

  /** What its owner calls it; the public network's well-known names are none of ours. */
  get name(): Uint8Array {
    const given = this.value(more.SubnetIdentitiesV3)?.subnet_name;
    if (given !== undefined && given.byteLength > 0) return given;
    return utf8(this.netuid === ROOT_NETUID ? "root" : "unknown");
  }
}

export function axonOf({ subnet, hotkey }: NeuronView) {
  return subnet.context.state.get(at.Axons, subnet.netuid, hotkey) ?? NO_AXON;
}

/** What counts for a hotkey here of the subnet's token. */
export const alphaStakeOf = ({ subnet, hotkey }: NeuronView) =>
  inheritedStakeOf(subnet.context.state, hotkey, subnet.netuid);
/** And of TAO on the root network. */
export const taoStakeOf = ({ subnet, hotkey }: NeuronView) =>
  inheritedStakeOf(subnet.context.state, hotkey, subnet.netuid, ROOT_NETUID);
/** What consensus weighs. */
export const weighedStakeOf = ({ subnet, hotkey }: NeuronView) =>
  totalStakeOf(subnet.context.state, hotkey, subnet.netuid);

export function existingSubnet(context: RuntimeApiContext, netuid: number): SubnetView | undefined {
  return context.state.get(at.NetworksAdded, netuid) ? new SubnetView(context, netuid) : undefined;
}

/** Listed once a call, for the state is searched for them. */
const listed = new WeakMap<RuntimeApiContext, readonly SubnetView[]>();

/** In the order of their netuids. */
export function allSubnets(context: RuntimeApiContext): readonly SubnetView[] {
  const known = listed.get(context);
  if (known) return known;
  const prefix = storageKey(at.NetworksAdded, 0).slice(0, -2 * NETUID_BYTES);
  const subnets = context.keys(prefix)
    .map((key) => littleEndian(fromHex(key.slice(prefix.length))))
    .sort((a, b) => a - b)
    .flatMap((netuid) => existingSubnet(context, netuid) ?? []);
  listed.set(context, subnets);
  return subnets;
}

const littleEndian = ([low, high]: Uint8Array) => low | (high << 8);

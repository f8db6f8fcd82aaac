/** What coldkeys say of themselves, and owners of their subnets. Every text has a limit. */
import { bytes, u16 } from "../../../scale/primitive_types.ts";
import type { ValueOf } from "../../../scale/scale_type.ts";
import { accountId } from "../common_types.ts";
import { call, type CallContext, type PalletPart, signerOf } from "../pallet.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import { equalBytes } from "../../../../base/bytes.ts";
import { IsNetworkMember, OwnedHotkeys, SubnetOwner } from "./storage.ts";
import {
  type chainIdentity,
  IdentitiesV2,
  SubnetIdentitiesV3,
  type subnetIdentity,
} from "./subnet_storage.ts";
import { allNetuids } from "./subnets.ts";

type ChainIdentity = ValueOf<typeof chainIdentity>;
type SubnetIdentity = ValueOf<typeof subnetIdentity>;

const CHAIN_LIMITS_BYTES = {
  name: 256,
  url: 256,
  github_repo: 256,
  image: 1024,
  discord: 256,
  description: 1024,
  additional: 1024,
};
const SUBNET_LIMITS_BYTES = {
  subnet_name: 256,
  github_repo: 1024,
  subnet_contact: 1024,
  subnet_url: 1024,
  discord: 256,
  description: 1024,
  logo_url: 1024,
  additional: 1024,
};

export const isSubnetIdentity = (identity: SubnetIdentity) => fits(identity, SUBNET_LIMITS_BYTES);

function fits<K extends string>(texts: Record<K, Uint8Array>, limits: Record<K, number>): boolean {
  return Object.entries<number>(limits).every(([name, limit]) => texts[name as K].byteLength <= limit);
}

function setIdentity(identity: ChainIdentity, context: CallContext): void {
  const { state } = context;
  const coldkey = signerOf(context);
  const netuids = allNetuids(state);
  const isMember = state.get(OwnedHotkeys, coldkey)
    .some((hotkey) => netuids.some((netuid) => state.get(IsNetworkMember, hotkey, netuid)));
  if (!isMember) throw refuse("HotKeyNotRegisteredInNetwork");
  if (!fits(identity, CHAIN_LIMITS_BYTES)) throw refuse("InvalidIdentity");
  state.set(IdentitiesV2, identity, coldkey);
  context.deposit(SUBTENSOR, "ChainIdentitySet", coldkey);
}

function setSubnetIdentity(
  { netuid, ...identity }: SubnetIdentity & { netuid: number },
  context: CallContext,
) {
  if (!equalBytes(context.state.get(SubnetOwner, netuid), signerOf(context))) throw refuse("NotSubnetOwner");
  if (!isSubnetIdentity(identity)) throw refuse("InvalidIdentity");
  context.state.set(SubnetIdentitiesV3, identity, netuid);
  context.deposit(SUBTENSOR, "SubnetIdentitySet", netuid);
}

const texts = <K extends string>(limits: Record<K, number>) =>
  Object.fromEntries(Object.keys(limits).map((name) => [name, bytes])) as Record<K, typeof bytes>;

export const identities: PalletPart = {
  calls: [
    call(68, "set_identity", texts(CHAIN_LIMITS_BYTES), setIdentity),
    call(78, "set_subnet_identity", { netuid: u16, ...texts(SUBNET_LIMITS_BYTES) }, setSubnetIdentity),
  ],
  events: {
    ChainIdentitySet: [71, accountId],
    SubnetIdentitySet: [72, u16],
    SubnetIdentityRemoved: [73, u16],
  },
};

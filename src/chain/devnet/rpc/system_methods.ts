/** system_*: what the node says of itself. */
import { base58Encode } from "@polkadot/util-crypto";
import { concatBytes, fromHex } from "../../../base/bytes.ts";
import { SS58_PREFIX } from "../pallets/system.ts";
import { dryRun } from "./dry_run.ts";
import type { Method, Methods } from "./method.ts";

const CHAIN_NAME = "Skein local";
const NODE_NAME = "Skein devnet";
const NODE_VERSION = "0.1.0";

/** A libp2p peer id in the form of an ed25519 key's; nobody has the key, for this node speaks to no peer. */
function peerIdOf(genesisHash: string): string {
  const multihashOfKey = fromHex("002408011220");
  return base58Encode(concatBytes(multihashOfKey, fromHex(genesisHash)));
}

const accountNextIndex: Method = (params, { pool }) => pool.nextNonce(params.account(0));

export const systemMethods: Methods = {
  account_nextIndex: accountNextIndex,
  system_accountNextIndex: accountNextIndex,
  system_chain: () => CHAIN_NAME,
  system_chainType: () => "Development",
  system_dryRun: dryRun,
  system_dryRunAt: dryRun,
  system_health: () => ({ peers: 0, isSyncing: false, shouldHavePeers: false }),
  system_localListenAddresses: () => [],
  system_localPeerId: (_params, { chain }) => peerIdOf(chain.genesisHash),
  system_name: () => NODE_NAME,
  system_nodeRoles: () => ["Authority"],
  system_peers: () => [],
  system_properties: () => ({ ss58Format: SS58_PREFIX, tokenDecimals: 9, tokenSymbol: "TAO" }),
  system_reservedPeers: () => [],
  system_syncState(_params, { chain }) {
    const { number } = chain.head.header;
    return { startingBlock: 0, currentBlock: number, highestBlock: number };
  },
  system_version: () => NODE_VERSION,
};

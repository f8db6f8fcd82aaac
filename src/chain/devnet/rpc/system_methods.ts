/** system_*: what the node says of itself. */
import { SS58_PREFIX } from "../pallets/system.ts";
import type { Method, Methods } from "./method.ts";

const CHAIN_NAME = "Skein local";
const NODE_NAME = "Skein devnet";
const NODE_VERSION = "0.1.0";

const accountNextIndex: Method = (params, { pool }) => pool.nextNonce(params.account(0));

export const systemMethods: Methods = {
  account_nextIndex: accountNextIndex,
  system_accountNextIndex: accountNextIndex,
  system_chain: () => CHAIN_NAME,
  system_chainType: () => "Development",
  system_health: () => ({ peers: 0, isSyncing: false, shouldHavePeers: false }),
  system_name: () => NODE_NAME,
  system_nodeRoles: () => ["Authority"],
  system_peers: () => [],
  system_properties: () => ({ ss58Format: SS58_PREFIX, tokenDecimals: 9, tokenSymbol: "TAO" }),
  system_syncState(_params, { chain }) {
    const { number } = chain.head.header;
    return { startingBlock: 0, currentBlock: number, highestBlock: number };
  },
  system_version: () => NODE_VERSION,
};

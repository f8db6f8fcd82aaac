/** chain_*: blocks and heads. Every block is final at once, so that the three kinds of heads are one. */
import { type Block, hex } from "../blocks/block.ts";
import { RpcError } from "../pool/refusal.ts";
import { type Method, type Methods, type NodeParts, unsubscribe } from "./method.ts";
import type { Params } from "./params.ts";

const MAX_HASHES = 1024;

export function headerJson({ header }: Block): Record<string, unknown> {
  return {
    parentHash: hex(header.parentHash),
    number: `0x${header.number.toString(16)}`,
    stateRoot: hex(header.stateRoot),
    extrinsicsRoot: hex(header.extrinsicsRoot),
    digest: { logs: header.logs.map(hex) },
  };
}

const blockOf = (params: Params, { chain }: NodeParts): Block | undefined => {
  const hash = params.optionalHex(0);
  return hash === undefined ? chain.head : chain.blockOf(hash);
};

const getBlockHash: Method = (params, { chain }) => {
  const hashAt = (number: unknown) => chain.hashAt(blockNumber(number)) ?? null;
  if (params.isAbsent(0)) return chain.head.hash;
  const asked = params.value(0);
  if (!Array.isArray(asked)) return hashAt(asked);
  if (asked.length > MAX_HASHES) {
    throw new RpcError(-32602, `Invalid params: up to ${MAX_HASHES} numbers required`);
  }
  return asked.map(hashAt);
};

/** Clients send numbers as numbers or as hex. */
function blockNumber(value: unknown): number {
  const number = typeof value === "string" && /^0x[0-9a-fA-F]{1,8}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= 0) return number;
  throw new RpcError(-32602, "Invalid params: a block number required");
}

const heads = (notification: string): Method => (_params, { chain }, subscriber) =>
  subscriber.subscribe(notification, (notify) => {
    notify(headerJson(chain.head));
    return chain.onBlock((block) => notify(headerJson(block)));
  });

const getHead: Method = (_params, { chain }) => chain.head.hash;

export const chainMethods: Methods = {
  chain_getBlock(params, parts) {
    const block = blockOf(params, parts);
    if (!block) return null;
    return { block: { header: headerJson(block), extrinsics: block.body.map(hex) }, justifications: null };
  },
  chain_getBlockHash: getBlockHash,
  chain_getHead: getBlockHash,
  chain_getHeader(params, parts) {
    const block = blockOf(params, parts);
    return block ? headerJson(block) : null;
  },
  chain_getFinalizedHead: getHead,
  chain_getFinalisedHead: getHead,
  chain_subscribeNewHead: heads("chain_newHead"),
  chain_subscribeNewHeads: heads("chain_newHead"),
  chain_subscribeAllHeads: heads("chain_allHead"),
  chain_subscribeFinalizedHeads: heads("chain_finalizedHead"),
  chain_subscribeFinalisedHeads: heads("chain_finalizedHead"),
  chain_unsubscribeNewHead: unsubscribe,
  chain_unsubscribeNewHeads: unsubscribe,
  chain_unsubscribeAllHeads: unsubscribe,
  chain_unsubscribeFinalizedHeads: unsubscribe,
  chain_unsubscribeFinalisedHeads: unsubscribe,
};

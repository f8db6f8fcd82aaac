/**
 * Blocks when a client asks for them, under the names by which chopsticks and Substrate's manual seal know that. These are
 * unsafe: whoever may call them decides how fast the chain's time goes. This server listens on loopback only.
 */
import { RpcError } from "../pool/refusal.ts";
import type { Method, Methods } from "./method.ts";

/** The server does nothing else while it makes them. */
const MAX_NEW_BLOCKS = 1000;

/** `{count}` blocks, one without it. @returns the last one's hash */
const newBlock: Method = (params, { maker }) => {
  const asked = params.isAbsent(0) ? {} : params.value(0);
  const count = (asked as { count?: unknown } | null)?.count ?? 1;
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1 || count > MAX_NEW_BLOCKS) {
    throw new RpcError(-32602, `Invalid params: count from 1 to ${MAX_NEW_BLOCKS} required`);
  }
  let hash = "";
  for (let i = 0; i < count; i++) hash = maker.make().hash;
  return hash;
};

/** Parameters: whether a block without transactions will do, whether it is to be final, which it always is. */
const createBlock: Method = (params, { maker, pool, chain }) => {
  if (params.value(0) !== true && !pool.hasReady) {
    throw new RpcError(-32000, "Client error: the pool is empty and an empty block was not asked for");
  }
  if (!params.isAbsent(2) && params.hex(2) !== chain.head.hash) {
    throw new RpcError(-32602, "Invalid params: blocks are made on the head only");
  }
  const { hash } = maker.make();
  const aux = {
    header_only: false,
    clear_justification_requests: false,
    needs_justification: false,
    bad_justification: false,
    is_new_best: true,
  };
  return { hash, aux };
};

export const devMethods: Methods = {
  dev_newBlock: newBlock,
  engine_createBlock: createBlock,
  /** Every block is final at once. */
  engine_finalizeBlock: (params, { chain }) => chain.blockOf(params.hex(0)) !== undefined,
};

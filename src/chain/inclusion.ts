/**
 * Looks a signed extrinsic up on chain: where it is, and how its call ended. A signed extrinsic is valid for one nonce and up
 * to one block; from these and the chain's state its fate follows without the help of any pool.
 */
import type { ApiPromise } from "@polkadot/api";
import type { BlockRef } from "./metagraph.ts";
import { findStorage } from "./runtime.ts";
import { type ChainRequest, readStorage } from "./storage.ts";

export interface SignedCall {
  readonly hex: string;
  readonly ss58: string;
  readonly nonce: number;
  /** Valid in blocks after `birthBlock` and up to `lastBlock`. */
  readonly birthBlock: number;
  readonly lastBlock: number;
}

/**
 * `included` is final but for reorganisations. `superseded` (another extrinsic used the nonce) and `expired` can never be
 * included any more: only then may the same call be signed anew. `pending`: anything may happen yet.
 */
export type Fate =
  | { readonly kind: "included"; readonly blockHash: string }
  | { readonly kind: "superseded" | "expired" | "pending" };

export async function findFate(api: ApiPromise, request: ChainRequest, signed: SignedCall): Promise<Fate> {
  const headNumber = Number((await request("chain_getHeader", [])).number);
  const headHash: string = await request("chain_getBlockHash", [headNumber]);
  const account = findStorage(api, "system", "account");
  const [info] = await readStorage(api, request, [{ entry: account, args: [signed.ss58] }], headHash);
  if ((info as any).nonce.toNumber() <= signed.nonce) {
    return { kind: headNumber > signed.lastBlock ? "expired" : "pending" };
  }
  const last = Math.min(headNumber, signed.lastBlock);
  for (let number = last; number > signed.birthBlock; number--) {
    const blockHash: string = await request("chain_getBlockHash", [number]);
    const { block } = await request("chain_getBlock", [blockHash]);
    if (block.extrinsics.includes(signed.hex)) return { kind: "included", blockHash };
  }
  return { kind: "superseded" };
}

/** @returns the block, and the decoded DispatchError if the call failed in it */
export async function readInclusion(
  api: ApiPromise,
  request: ChainRequest,
  blockHash: string,
  hex: string,
): Promise<{ block: BlockRef; dispatchError?: unknown }> {
  const [{ block }, [events]] = await Promise.all([
    request("chain_getBlock", [blockHash]),
    readStorage(api, request, [{ entry: findStorage(api, "system", "events"), args: [] }], blockHash),
  ]);
  const index = block.extrinsics.indexOf(hex);
  const failure = [...events as any].find(({ phase, event }) =>
    phase.isApplyExtrinsic && phase.asApplyExtrinsic.eq(index) &&
    event.section === "system" && event.method === "ExtrinsicFailed"
  );
  return {
    block: { number: Number(block.header.number), hash: blockHash },
    dispatchError: failure?.event.data[0],
  };
}

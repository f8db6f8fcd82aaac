/**
 * Looks a signed extrinsic up on chain: where it is, and how its call ended. A signed extrinsic is valid for one nonce and up
 * to one block; from these and the chain's state its fate follows without the help of any pool. That it is there is read at the
 * best head and may be taken back; that it never can be there is only said by what is final.
 */
import type { ApiPromise } from "@polkadot/api";
import {
  ancestorHashes,
  isAncestor,
  readBestHead,
  readBody,
  readFinalizedHead,
  readNonce,
} from "./head_reads.ts";
import type { BlockRef } from "./chain_view.ts";
import { chainError } from "./errors.ts";
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
 * included any more, on any fork: only then may the same call be signed anew. `pending`: anything may happen yet.
 */
export type Fate =
  | { readonly kind: "included"; readonly blockHash: string }
  | { readonly kind: "superseded" | "expired" | "pending" };

/** @throws {SkeinError} `chain/request-failed`, also when the chain was reorganised meanwhile */
export async function findFate(api: ApiPromise, request: ChainRequest, signed: SignedCall): Promise<Fate> {
  const best = await readBestHead(request);
  if (await readNonce(api, request, signed.ss58, best) > signed.nonce) {
    const blockHash = await findBlock(api, request, signed, best);
    if (blockHash !== undefined) return { kind: "included", blockHash };
  }
  const final = await readFinalizedHead(request);
  if (await readNonce(api, request, signed.ss58, final) > signed.nonce) {
    // Looked for once more: the best head may have been another fork's.
    const blockHash = await findBlock(api, request, signed, final);
    return blockHash === undefined ? { kind: "superseded" } : { kind: "included", blockHash };
  }
  return { kind: final.number > signed.lastBlock ? "expired" : "pending" };
}

/** `retracted`: the chain went on without that block. */
export type Finality = "final" | "pending" | "retracted";

export async function findFinality(
  api: ApiPromise,
  request: ChainRequest,
  block: BlockRef,
): Promise<Finality> {
  const isFinal = await isAncestor(api, request, block, await readFinalizedHead(request));
  if (isFinal !== undefined) return isFinal ? "final" : "retracted";
  const isBest = await isAncestor(api, request, block, await readBestHead(request));
  return isBest === false ? "retracted" : "pending";
}

/**
 * @returns the block, and the decoded DispatchError if the call failed in it
 * @throws {SkeinError} `chain/request-failed`, also for a block without the extrinsic, whatever the pool has said of it
 */
export async function readInclusion(
  api: ApiPromise,
  request: ChainRequest,
  blockHash: string,
  hex: string,
): Promise<{ block: BlockRef; dispatchError?: unknown }> {
  const [{ number, extrinsics }, [events]] = await Promise.all([
    readBody(request, blockHash),
    readStorage(api, request, [{ entry: findStorage(api, "system", "events"), args: [] }], blockHash),
  ]);
  const index = extrinsics.indexOf(hex);
  if (index < 0) {
    throw chainError(
      "chain/request-failed",
      `read block ${blockHash}: ${extrinsics.length} extrinsics, none is the one that the node says it holds, try again`,
    );
  }
  const failure = [...events as any].find(({ phase, event }) =>
    phase.isApplyExtrinsic && phase.asApplyExtrinsic.eq(index) &&
    event.section === "system" && event.method === "ExtrinsicFailed"
  );
  return { block: { number, hash: blockHash }, dispatchError: failure?.event.data[0] };
}

async function findBlock(
  api: ApiPromise,
  request: ChainRequest,
  { hex, birthBlock, lastBlock }: SignedCall,
  head: BlockRef,
): Promise<string | undefined> {
  for (const hash of await ancestorHashes(api, request, head, [birthBlock + 1, lastBlock])) {
    if ((await readBody(request, hash)).extrinsics.includes(hex)) return hash;
  }
}

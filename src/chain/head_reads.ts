/**
 * The chain as one block sees it: all answers about one head come from that head's own state, so that a reorganisation, or another
 * node half way, makes an answer fail and never makes it false.
 */
import type { ApiPromise } from "@polkadot/api";
import { isSkeinError } from "../base/errors.ts";
import { unknownBlock } from "./errors.ts";
import type { BlockRef } from "./chain_view.ts";
import { findStorage } from "./runtime.ts";
import { type ChainRequest, readStorage } from "./storage.ts";

export interface BlockBody {
  readonly number: number;
  readonly parentHash: string;
  /** 0x hex */
  readonly extrinsics: readonly string[];
}

export async function readBestHead(request: ChainRequest): Promise<BlockRef> {
  return await headOf(request, await request("chain_getBlockHash", []));
}

export async function readFinalizedHead(request: ChainRequest): Promise<BlockRef> {
  return await headOf(request, await request("chain_getFinalizedHead", []));
}

/** @throws {SkeinError} `chain/request-failed` when the node does not know the block; see `isUnknownBlock` */
export async function readBody(request: ChainRequest, hash: string): Promise<BlockBody> {
  const answer = await request("chain_getBlock", [hash]);
  if (answer === null) throw unknownBlock(hash);
  const { header, extrinsics } = answer.block;
  return { number: Number(header.number), parentHash: header.parentHash, extrinsics };
}

/** The nonce that the account's next extrinsic needs, by the state after `head`. */
export async function readNonce(
  api: ApiPromise,
  request: ChainRequest,
  ss58: string,
  head: BlockRef,
): Promise<number> {
  const entry = findStorage(api, "system", "account");
  const [account] = await readStorage(api, request, [{ entry, args: [ss58] }], head.hash);
  return (account as any).nonce.toNumber();
}

/**
 * Hashes of head's ancestors and of head itself, newest first: the runtime remembers some thousands of them.
 * @param first and @param last numbers, both included
 */
export async function ancestorHashes(
  api: ApiPromise,
  request: ChainRequest,
  head: BlockRef,
  [first, last]: readonly [number, number],
): Promise<string[]> {
  const numbers: number[] = [];
  for (let number = Math.min(last, head.number); number >= first; number--) numbers.push(number);
  const entry = findStorage(api, "system", "blockHash");
  const older = numbers.filter((number) => number !== head.number);
  const hashes = older.length === 0 ? [] : await readStorage(
    api,
    request,
    older.map((number) => ({ entry, args: [number] })),
    head.hash,
  );
  const known: string[] = [];
  for (const [i, hash] of hashes.map((each) => (each as any).toHex() as string).entries()) {
    // Forgotten after a very long outage; so old a block is final, and its number is enough.
    known.push(/^0x0+$/.test(hash) ? await request("chain_getBlockHash", [older[i]]) : hash);
  }
  return older.length === numbers.length ? known : [head.hash, ...known];
}

/** Whether a block is part of the chain that ends in `head`; undefined when the head is not as high yet. */
export async function isAncestor(
  api: ApiPromise,
  request: ChainRequest,
  block: BlockRef,
  head: BlockRef,
): Promise<boolean | undefined> {
  if (head.number < block.number) return undefined;
  const [hash] = await ancestorHashes(api, request, head, [block.number, block.number]);
  return hash === block.hash;
}

/** The node does not know the block, any more or yet: it was reorganised away, or the node is behind or forgets states. */
export function isUnknownBlock(error: unknown): boolean {
  return isSkeinError(error, "chain/request-failed") &&
    /unknown ?block|block (0x[0-9a-f]+ )?not found|not found in the database|already discarded|header not found/i
      .test(error.message);
}

async function headOf(request: ChainRequest, hash: string): Promise<BlockRef> {
  const header = await request("chain_getHeader", [hash]);
  if (header === null) throw unknownBlock(hash);
  return { number: Number(header.number), hash };
}

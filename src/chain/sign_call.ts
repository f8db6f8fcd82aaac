/** Signs a call for one nonce and a bounded number of blocks, anchored in what is final so that no reorganisation voids it. */
import type { ApiPromise } from "@polkadot/api";
import type { Call } from "./calls.ts";
import { readBestHead, readFinalizedHead } from "./head_reads.ts";
import type { SignedCall } from "./inclusion.ts";
import type { KeyringPair } from "./sr25519.ts";
import type { ChainRequest } from "./storage.ts";

/** Blocks that a signature is good for. */
const ERA_BLOCKS = 64;
/** Above this lag of finality the signature is anchored in the best block. */
const FINALITY_LAG_BLOCKS = ERA_BLOCKS / 2;

export interface SignedWithMethod extends SignedCall {
  /** The call's name in camelCase. */
  readonly method: string;
}

/** @throws {SkeinError} `chain/request-failed`, also when the chain was reorganised meanwhile */
export async function signCall(
  api: ApiPromise,
  request: ChainRequest,
  { account, build, nonce }: { account: KeyringPair; build: () => Call; nonce: number },
): Promise<SignedWithMethod> {
  const [best, finalized] = await Promise.all([readBestHead(request), readFinalizedHead(request)]);
  const anchor = best.number - finalized.number > FINALITY_LAG_BLOCKS ? best : finalized;
  const call = build();
  call.sign(account, {
    blockHash: anchor.hash,
    era: api.registry.createType("ExtrinsicEra", { current: anchor.number, period: ERA_BLOCKS }),
    genesisHash: api.genesisHash,
    nonce,
    runtimeVersion: api.runtimeVersion,
    signedExtensions: api.registry.signedExtensions,
  });
  return {
    hex: call.toHex(),
    method: call.method.method,
    ss58: account.address,
    nonce,
    birthBlock: anchor.number,
    lastBlock: anchor.number + ERA_BLOCKS - 1,
  };
}

/** Signs a call for one nonce and a bounded number of blocks, anchored in what is final so that no reorganisation voids it. */
import type { ApiPromise } from "@polkadot/api";
import type { Call } from "./calls.ts";
import { readBestHead, readFinalizedHead } from "./head_reads.ts";
import type { SignedCall } from "./inclusion.ts";
import { meantBlockMs, requireKnownExtensions } from "./runtime.ts";
import type { KeyringPair } from "./sr25519.ts";
import type { ChainRequest } from "./storage.ts";

/**
 * How long a signature is good for: some pools forget a call after a block, and it can be signed anew only when its time is over.
 * In blocks, powers of two.
 */
const GOOD_FOR_MS = 180_000;
const LEAST_ERA_BLOCKS = 16;
const MOST_ERA_BLOCKS = 64;

export interface SignedWithMethod extends SignedCall {
  /** The call's name in camelCase. */
  readonly method: string;
}

/** @throws {SkeinError} `chain/request-failed`, also when the chain was reorganised meanwhile; `chain/unsupported-runtime` */
export async function signCall(
  api: ApiPromise,
  request: ChainRequest,
  { account, build, nonce }: { account: KeyringPair; build: () => Call; nonce: number },
): Promise<SignedWithMethod> {
  const [best, finalized] = await Promise.all([readBestHead(request), readFinalizedHead(request)]);
  const period = eraBlocks(api);
  // Where finality lags, what is final would leave too little of the era.
  const anchor = best.number - finalized.number > period / 2 ? best : finalized;
  requireKnownExtensions(api);
  const call = build();
  call.sign(account, {
    blockHash: anchor.hash,
    era: api.registry.createType("ExtrinsicEra", { current: anchor.number, period }),
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
    lastBlock: anchor.number + period - 1,
  };
}

function eraBlocks(api: ApiPromise): number {
  const blocks = GOOD_FOR_MS / Math.max(1, meantBlockMs(api) ?? 0);
  return Math.min(MOST_ERA_BLOCKS, Math.max(LEAST_ERA_BLOCKS, 2 ** Math.ceil(Math.log2(blocks))));
}

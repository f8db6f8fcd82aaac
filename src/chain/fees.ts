/**
 * Whether an account can pay for a call, asked before anything is sent: the fee by the runtime's own estimate, what the call
 * itself takes, and what must stay for the account to live on. Calls that cost nothing are never held up: subtensor
 * takes no fee for weights, axons and commitments, and hotkeys that send them are often empty.
 */
import type { ApiPromise } from "@polkadot/api";
import { concatBytes, fromHex, toHex } from "../base/bytes.ts";
import { isSkeinError } from "../base/errors.ts";
import { chainError } from "./errors.ts";
import { isUnknownBlock } from "./head_reads.ts";
import { findStorage } from "./runtime.ts";
import { type ChainRequest, readStorage } from "./storage.ts";

export interface Spending {
  /** What the call takes from its sender besides the fee, in rao. */
  readonly amountRao?: bigint;
}

/** Subtensor's calls that take the fee out of the stake when the balance does not suffice. */
const PAYS_IN_ALPHA =
  /^(removeStake|removeStakeLimit|removeStakeFullLimit|unstakeAll|unstakeAllAlpha|moveStake|transferStake|swapStake|swapStakeLimit|recycleAlpha|burnAlpha)$/;

const RAO_PER_TAO = 1_000_000_000n;

/** @throws {SkeinError} `chain/balance-too-low` */
export async function checkBalance(
  api: ApiPromise,
  request: ChainRequest,
  what: string,
  signed: { readonly hex: string; readonly ss58: string; readonly method: string },
  { amountRao = 0n }: Spending,
): Promise<void> {
  const feeRao = PAYS_IN_ALPHA.test(signed.method) ? 0n : await knownFeeRao(api, request, signed.hex);
  if (feeRao === 0n && amountRao === 0n) return;
  const entry = findStorage(api, "system", "account");
  const head: string = await request("chain_getBlockHash", []);
  const [account] = await readStorage(api, request, [{ entry, args: [signed.ss58] }], head);
  const { free, reserved, frozen } = balancesOf(account);
  const existentialRao = existentialDepositRao(api);
  const frozenRao = frozen > reserved ? frozen - reserved : 0n;
  const keptRao = frozenRao > existentialRao ? frozenRao : existentialRao;
  const requiredRao = amountRao + feeRao + keptRao;
  if (free >= requiredRao) return;
  throw chainError(
    "chain/balance-too-low",
    `${what}: ${signed.ss58} has ${inTao(free)} free, ${inTao(requiredRao)} is required ` +
      `(amount ${inTao(amountRao)}, fee ${inTao(feeRao)}, ${inTao(keptRao)} that must stay), ` +
      `fund the account with ${inTao(requiredRao - free)} or more`,
    { ss58: signed.ss58, freeRao: free, requiredRao, amountRao, feeRao, keptRao },
  );
}

/** A fee that a node cannot tell is no reason to send nothing. */
async function knownFeeRao(api: ApiPromise, request: ChainRequest, hex: string): Promise<bigint> {
  try {
    return await estimateFeeRao(api, request, hex) ?? 0n;
  } catch (error) {
    if (!isSkeinError(error, "chain/request-failed") || isUnknownBlock(error)) throw error;
    return 0n;
  }
}

/** @returns undefined where the runtime estimates no fees */
export async function estimateFeeRao(
  api: ApiPromise,
  request: ChainRequest,
  hex: string,
): Promise<bigint | undefined> {
  if (api.call?.transactionPaymentApi?.queryInfo === undefined) return undefined;
  const extrinsic = fromHex(hex);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, extrinsic.byteLength, true);
  const input = `0x${toHex(concatBytes(extrinsic, length))}`;
  return partialFee(fromHex(await request("state_call", ["TransactionPaymentApi_query_info", input])));
}

/** "1.5 TAO (1500000000 rao)" */
export const inTao = (rao: bigint): string => `${inTokens(rao)} TAO (${rao} rao)`;

/** Of whichever token: "1.5" */
export function inTokens(rao: bigint): string {
  const fraction = String(rao % RAO_PER_TAO).padStart(9, "0").replace(/0+$/, "");
  return `${rao / RAO_PER_TAO}${fraction === "" ? "" : `.${fraction}`}`;
}

/** RuntimeDispatchInfo: two compact weights, a byte of class, then the fee in whatever width the chain's balances have. */
export function partialFee(info: Uint8Array): bigint {
  let at = 0;
  for (let i = 0; i < 2; i++) at += compactBytes(info, at);
  const fee = info.subarray(at + 1);
  if (fee.byteLength !== 8 && fee.byteLength !== 16) {
    throw chainError(
      "chain/request-failed",
      `estimate a fee: ${fee.byteLength} bytes of it, 8 or 16 are required, update Skein`,
    );
  }
  return fee.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function compactBytes(bytes: Uint8Array, at: number): number {
  const mode = bytes[at] & 3;
  return mode === 3 ? 5 + (bytes[at] >> 2) : 1 << mode;
}

function balancesOf(account: any): { free: bigint; reserved: bigint; frozen: bigint } {
  const rao = (name: string): bigint => account.data[name]?.toBigInt() ?? 0n;
  const old = rao("miscFrozen") > rao("feeFrozen") ? rao("miscFrozen") : rao("feeFrozen");
  return {
    free: rao("free"),
    reserved: rao("reserved"),
    frozen: account.data.frozen === undefined ? old : rao("frozen"),
  };
}

function existentialDepositRao(api: ApiPromise): bigint {
  return (api.consts?.balances?.existentialDeposit as any)?.toBigInt() ?? 0n;
}

/** @throws {SkeinError} `chain/too-expensive` */
export function checkLimit(what: string, cost: bigint, limit: bigint | undefined): void {
  if (limit !== undefined && cost > limit) throw tooExpensive(what, cost, limit);
}

export function tooExpensive(what: string, cost: bigint, limit: bigint): Error {
  return chainError(
    "chain/too-expensive",
    `${what}: it costs ${inTao(cost)} or more, at most ${
      inTao(limit)
    } were allowed, allow more or wait for a lower price`,
    { cost: cost.toString(), limit: limit.toString() },
  );
}

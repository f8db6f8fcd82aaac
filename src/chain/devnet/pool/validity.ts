/** Whether a transaction could stand in the next block, as far as it depends on itself, its signer and the chain. */
import { isSkeinError } from "../../../base/errors.ts";
import { fromHex } from "../../../base/bytes.ts";
import type { Chain } from "../blocks/chain.ts";
import { classLimits } from "../pallets/block_limits.ts";
import { EXISTENTIAL_DEPOSIT_RAO } from "../pallets/balances.ts";
import { Overlay } from "../pallets/overlay.ts";
import { Account } from "../pallets/system.ts";
import { TypedState } from "../pallets/typed_state.ts";
import { birthBlock, deathBlock } from "../runtime/era.ts";
import {
  decodeInherent,
  decodeTransaction,
  isSigned,
  isSignedBySigner,
  type Transaction,
} from "../runtime/extrinsic.ts";
import { type DispatchInfo, dispatchInfoOf, exceeds } from "../runtime/dispatch_info.ts";
import { feeRao } from "../runtime/fees.ts";
import { refusal } from "./refusal.ts";

export const MAX_TRANSACTION_BYTES = 256 * 1024;

export interface Validated {
  readonly transaction: Transaction;
  readonly info: DispatchInfo;
  /** First block in which it may no longer stand. */
  readonly deathBlock: number;
}

/** @throws {RpcError} */
export function validate(bytes: Uint8Array, chain: Chain): Validated {
  if (bytes.byteLength > MAX_TRANSACTION_BYTES) throw refusal.exhaustsResources();
  const transaction = decode(bytes);
  const { CheckMortality: era, CheckNonce: nonce, ChargeTransactionPayment: tip } = transaction.explicit;
  const info = dispatchInfoOf(transaction.call);
  const fee = feeRao(bytes.byteLength, info, tip);
  const nextBlock = chain.head.header.number + 1;
  const birthHash = chain.hashBytesAt(birthBlock(era, nextBlock));
  if (!birthHash) throw refusal.ancientBirthBlock();
  if (!isSignedBySigner(transaction, fromHex(chain.genesisHash), birthHash)) throw refusal.badProof();
  // Everybody can sign for this point of the curve, and what has no owner yet names it as its owner.
  if (transaction.signer.every((byte) => byte === 0)) throw refusal.badSigner();
  const account = accountOf(chain, transaction.signer);
  if (nonce < account.nonce) throw refusal.stale();
  if (exceeds(info.weight, classLimits(info.class.name).max_extrinsic)) throw refusal.exhaustsResources();
  if (fee > 0n && account.data.free - fee < EXISTENTIAL_DEPOSIT_RAO) throw refusal.payment();
  return { transaction, info, deathBlock: deathBlock(era, nextBlock) };
}

export function accountOf(chain: Chain, who: Uint8Array) {
  return new TypedState(new Overlay(chain)).get(Account, who);
}

function decode(bytes: Uint8Array): Transaction {
  try {
    if (isSigned(bytes)) return decodeTransaction(bytes);
    throw decodeInherent(bytes).name === "Timestamp" ? refusal.mandatory() : refusal.unsigned();
  } catch (error) {
    if (isSkeinError(error, "scale/undecodable")) throw refusal.badFormat(error.message);
    throw error;
  }
}

/**
 * Applies one extrinsic to a block in the making. A transaction uses up its nonce and pays its fee whatever becomes of
 * its call; the call's writes and events stay only if it succeeds. What it paid too much is given back after the call,
 * and the rest has left circulation.
 */
import { describeError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { burn, mint, spendableRao } from "../pallets/accounts.ts";
import { Overlay } from "../pallets/overlay.ts";
import { type BlockContext, type CallContext, DispatchFailure } from "../pallets/pallet.ts";
import { Account, system } from "../pallets/system.ts";
import { transactionPayment } from "../pallets/transaction_payment.ts";
import {
  addWeights,
  BASE_EXTRINSIC_WEIGHT,
  type DispatchInfo,
  dispatchInfoAfter,
  dispatchInfoOf,
} from "../runtime/dispatch_info.ts";
import type { Transaction } from "../runtime/extrinsic.ts";
import { feeRao } from "../runtime/fees.ts";
import { callOf, RUNTIME_PALLETS } from "../runtime/runtime.ts";
import type { Variant } from "../../scale/composite_types.ts";
import { contextOn, type EncodedEvent } from "./call_context.ts";

/** The block in the making. */
export interface Workbench {
  readonly overlay: Overlay;
  readonly events: EncodedEvent[];
  readonly blockNumber: number;
  readonly log: Log;
}

/** What the pallets do in each block. A step that fails leaves nothing behind and is told: the chain must go on. */
export function initializeBlock(bench: Workbench): void {
  for (const { pallet } of RUNTIME_PALLETS) {
    attempt(bench, `begin block ${bench.blockNumber} in ${pallet.name}`, (apart) => {
      pallet.onInitialize?.(blockContext(apart));
    });
  }
}

function blockContext(bench: Workbench): BlockContext {
  const { overlay, events, blockNumber } = bench;
  return {
    ...contextOn(overlay, undefined, { name: "Initialization" }, blockNumber, events),
    attempt: (what, step) =>
      attempt(bench, `${what} in block ${blockNumber}`, (apart) => step(blockContext(apart))),
  };
}

/** What `step` writes and tells stays only if it returns. @returns what it returned; undefined if it threw, which is told */
export function attempt<T>(bench: Workbench, what: string, step: (apart: Workbench) => T): T | undefined {
  const apart = { ...bench, overlay: new Overlay(bench.overlay), events: [] as EncodedEvent[] };
  try {
    const result = step(apart);
    bench.overlay.merge(apart.overlay);
    for (const each of apart.events) bench.events.push(each);
    return result;
  } catch (error) {
    bench.log.warn(`${what}: ${describeError(error)}`);
    return undefined;
  }
}

/** What the author puts in by itself: nobody signs it, nobody pays. */
export function applyInherent(bench: Workbench, call: Variant, index: number): void {
  const info = dispatchInfoOf(call);
  const failure = dispatch(bench, call, undefined, index);
  const context = contextOn(bench.overlay, undefined, inExtrinsic(index), bench.blockNumber, bench.events);
  tellOutcome(context, failure, info);
}

/** @returns `unpayable` and `out-of-turn` for what no block may hold: nothing has changed then */
export function applyTransaction(
  bench: Workbench,
  transaction: Transaction,
  index: number,
): "applied" | "unpayable" | "out-of-turn" {
  const { signer, explicit, call, bytes } = transaction;
  const context = contextOn(bench.overlay, signer, inExtrinsic(index), bench.blockNumber, bench.events);
  const account = context.state.get(Account, signer);
  const tip = explicit.ChargeTransactionPayment;
  const info = dispatchInfoOf(call);
  const withdrawn = feeRao(bytes.byteLength, info, tip);
  if (explicit.CheckNonce !== account.nonce) return "out-of-turn";
  if (withdrawn > 0n && withdrawn > spendableRao(context, signer)) return "unpayable";
  context.state.set(Account, { ...account, nonce: account.nonce + 1 }, signer);
  if (withdrawn > 0n) burn(context, signer, withdrawn);

  const failure = dispatch(bench, call, signer, index);
  const infoAfter = dispatchInfoAfter(call, info, failure === undefined);
  const actual = feeRao(bytes.byteLength, infoAfter, tip);
  // Who is gone by now gets nothing back.
  const isAlive = context.state.get(Account, signer).data.free > 0n;
  if (withdrawn > 0n && isAlive) mint(context, signer, withdrawn - actual);
  context.deposit(transactionPayment, "TransactionFeePaid", { who: signer, actual_fee: actual, tip });
  tellOutcome(context, failure, infoAfter);
  return "applied";
}

/** @returns the dispatch error of a call that failed */
function dispatch(
  { overlay, events, blockNumber, log }: Workbench,
  call: Variant,
  signer: Uint8Array | undefined,
  index: number,
): Variant | undefined {
  const upper = new Overlay(overlay);
  const deposited: EncodedEvent[] = [];
  try {
    const context = contextOn(upper, signer, inExtrinsic(index), blockNumber, deposited);
    callOf(call).run(call.value.value, context);
  } catch (error) {
    if (error instanceof DispatchFailure) return error.error;
    log.warn(`run a call of ${call.name}: ${describeError(error)}`, { blockNumber, index });
    return { name: "Other" };
  }
  overlay.merge(upper);
  for (const each of deposited) events.push(each);
  return undefined;
}

function tellOutcome(context: CallContext, failure: Variant | undefined, info: DispatchInfo): void {
  const dispatch_info = { ...info, weight: addWeights(info.weight, BASE_EXTRINSIC_WEIGHT) };
  if (failure === undefined) context.deposit(system, "ExtrinsicSuccess", { dispatch_info });
  else context.deposit(system, "ExtrinsicFailed", { dispatch_error: failure, dispatch_info });
}

const inExtrinsic = (index: number): Variant => ({ name: "ApplyExtrinsic", value: index });

/**
 * Makes the next block: the frame's own entries, the time, then each transaction in its turn. A transaction pays its
 * tip and uses up its nonce whatever becomes of its call; the call's writes and events stay only if it succeeds.
 */
import { fromHex } from "../../../base/bytes.ts";
import { describeError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { burn, spendableRao } from "../pallets/accounts.ts";
import type { eventRecord } from "../pallets/common_types.ts";
import { Overlay } from "../pallets/overlay.ts";
import { type CallContext, DispatchFailure, type Origin } from "../pallets/pallet.ts";
import {
  Account,
  BLOCK_HASH_COUNT,
  BlockHash,
  BlockNumber,
  EventCount,
  Events,
  ParentHash,
  system,
} from "../pallets/system.ts";
import { Now } from "../pallets/timestamp.ts";
import { TypedState } from "../pallets/typed_state.ts";
import { callOf, RUNTIME_PALLETS } from "../runtime/runtime.ts";
import { encodeInherent, type Transaction } from "../runtime/extrinsic.ts";
import type { Variant } from "../scale/composite_types.ts";
import type { ValueOf } from "../scale/scale_type.ts";
import { type Block, type Changes, extrinsicsRoot, hashOfHeader } from "./block.ts";
import type { Chain } from "./chain.ts";

type EventRecord = ValueOf<typeof eventRecord>;

export interface MadeBlock {
  readonly block: Block;
  readonly changes: Changes;
  readonly included: readonly Transaction[];
  /** Left out: an earlier one spent what was to pay the tip. */
  readonly unpayable: readonly Transaction[];
}

/** @param transactions validated, each sender's in the order of nonces; one that does not follow is left out */
export function makeBlock(
  chain: Chain,
  transactions: readonly Transaction[],
  nowMs: number,
  log: Log,
): MadeBlock {
  const parent = chain.head;
  const number = parent.header.number + 1;
  const overlay = new Overlay(chain);
  const state = new TypedState(overlay);
  const parentHash = fromHex(parent.hash);
  state.set(BlockNumber, number);
  state.set(ParentHash, parentHash);
  state.set(BlockHash, parentHash, number - 1);
  // The genesis hash stays for ever.
  if (number - 1 > BLOCK_HASH_COUNT) state.remove(BlockHash, number - 1 - BLOCK_HASH_COUNT);

  const events: EventRecord[] = [];
  const body: Uint8Array[] = [];
  const now = BigInt(nowMs) > state.get(Now) ? BigInt(nowMs) : state.get(Now) + 1n;
  initialize(overlay, number, events, log);
  const setTime = { name: "Timestamp", value: { name: "set", value: { now } } };
  run(overlay, { call: setTime, class: "Mandatory" }, 0, number, events, log);
  body.push(encodeInherent(setTime));
  const included: Transaction[] = [];
  const unpayable: Transaction[] = [];
  for (const transaction of transactions) {
    const index = body.length;
    const verdict = prepare(overlay, transaction, index, number, events);
    if (verdict === "unpayable") unpayable.push(transaction);
    if (verdict !== "prepared") continue;
    included.push(transaction);
    run(overlay, { ...transaction, class: "Normal" }, index, number, events, log);
    body.push(transaction.bytes);
  }
  state.set(Events, events);
  state.set(EventCount, events.length);

  const header = {
    parentHash,
    number,
    stateRoot: chain.stateRootAfter(overlay.changes),
    extrinsicsRoot: extrinsicsRoot(body),
    logs: [],
  };
  const block = { hash: hashOfHeader(header), header, body };
  return { block, changes: overlay.changes, included, unpayable };
}

/** What the pallets do in each block. One that fails leaves nothing behind and is told: the chain must go on. */
function initialize(block: Overlay, blockNumber: number, events: EventRecord[], log: Log): void {
  for (const { pallet } of RUNTIME_PALLETS) {
    if (pallet.onInitialize === undefined) continue;
    const overlay = new Overlay(block);
    const deposited: EventRecord[] = [];
    try {
      pallet.onInitialize(contextOn(overlay, undefined, { name: "Initialization" }, blockNumber, deposited));
      block.merge(overlay);
      events.push(...deposited);
    } catch (error) {
      log.warn(`begin block ${blockNumber} in ${pallet.name}: ${describeError(error)}`);
    }
  }
}

/** Takes the nonce and the tip, which no failure gives back. */
function prepare(
  overlay: Overlay,
  { signer, explicit }: Transaction,
  index: number,
  blockNumber: number,
  events: EventRecord[],
): "prepared" | "unpayable" | "out-of-turn" {
  const context = contextOn(overlay, signer, inExtrinsic(index), blockNumber, events);
  const account = context.state.get(Account, signer);
  const tip = explicit.ChargeTransactionPayment;
  if (explicit.CheckNonce !== account.nonce) return "out-of-turn";
  if (tip > spendableRao(context, signer)) return "unpayable";
  context.state.set(Account, { ...account, nonce: account.nonce + 1 }, signer);
  if (tip > 0n) burn(context, signer, tip);
  return "prepared";
}

function run(
  block: Overlay,
  extrinsic: { call: Variant; signer?: Uint8Array; class: string },
  index: number,
  blockNumber: number,
  events: EventRecord[],
  log: Log,
): void {
  const overlay = new Overlay(block);
  const deposited: EventRecord[] = [];
  const context = contextOn(overlay, extrinsic.signer, inExtrinsic(index), blockNumber, deposited);
  const info = {
    weight: { ref_time: 0n, proof_size: 0n },
    class: { name: extrinsic.class },
    pays_fee: { name: "No" },
  };
  try {
    callOf(extrinsic.call).run(extrinsic.call.value.value, context);
    context.deposit(system, "ExtrinsicSuccess", { dispatch_info: info });
    block.merge(overlay);
    events.push(...deposited);
  } catch (error) {
    if (!(error instanceof DispatchFailure)) {
      log.warn(`run a call of ${extrinsic.call.name}: ${describeError(error)}`, { blockNumber, index });
    }
    const reason = error instanceof DispatchFailure ? error.error : { name: "Other" };
    const failed = contextOn(overlay, extrinsic.signer, inExtrinsic(index), blockNumber, events);
    failed.deposit(system, "ExtrinsicFailed", { dispatch_error: reason, dispatch_info: info });
  }
}

const inExtrinsic = (index: number): Variant => ({ name: "ApplyExtrinsic", value: index });

function contextOn(
  overlay: Overlay,
  origin: Origin,
  phase: Variant,
  blockNumber: number,
  events: EventRecord[],
): CallContext {
  return {
    state: new TypedState(overlay),
    signer: origin === "root" ? undefined : origin,
    isRoot: origin === "root",
    blockNumber,
    deposit(pallet, name, value) {
      events.push({ phase, event: { name: pallet.name, value: { name, value } }, topics: [] });
    },
    dispatch(call, as = origin) {
      const upper = new Overlay(overlay);
      const deposited: EventRecord[] = [];
      callOf(call).run(call.value.value, contextOn(upper, as, phase, blockNumber, deposited));
      overlay.merge(upper);
      events.push(...deposited);
    },
  };
}

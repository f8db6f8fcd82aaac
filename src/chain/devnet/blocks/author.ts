/** Makes the next block: the frame's own entries, what the pallets do, the time, then each transaction in its turn. */
import { concatBytes, fromHex } from "../../../base/bytes.ts";
import type { Log } from "../../../base/log.ts";
import { Overlay } from "../pallets/overlay.ts";
import {
  BLOCK_HASH_COUNT,
  BlockHash,
  BlockNumber,
  EventCount,
  Events,
  ParentHash,
} from "../pallets/system.ts";
import { Now } from "../pallets/timestamp.ts";
import { storageKey } from "../pallets/storage_entry.ts";
import { TypedState } from "../pallets/typed_state.ts";
import { encodeInherent, type Transaction } from "../runtime/extrinsic.ts";
import { compact, u32 } from "../../scale/primitive_types.ts";
import { encodeValue } from "../../scale/scale_type.ts";
import { applyInherent, applyTransaction, attempt, initializeBlock } from "./apply.ts";
import { type Block, type Changes, extrinsicsRoot, hashOfHeader } from "./block.ts";
import type { EncodedEvent } from "./call_context.ts";
import type { Chain } from "./chain.ts";

export interface MadeBlock {
  readonly block: Block;
  readonly changes: Changes;
  readonly included: readonly Transaction[];
  /** Left out: an earlier one spent what was to pay the fee, or it could not be applied at all. */
  readonly invalid: readonly Transaction[];
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

  const events: EncodedEvent[] = [];
  const bench = { overlay, events, blockNumber: number, log };
  const dueMs = BigInt(Math.floor(nowMs));
  const now = dueMs > state.get(Now) ? dueMs : state.get(Now) + 1n;
  initializeBlock(bench);
  const setTime = { name: "Timestamp", value: { name: "set", value: { now } } };
  applyInherent(bench, setTime, 0);
  const body: Uint8Array[] = [encodeInherent(setTime)];
  const included: Transaction[] = [];
  const invalid: Transaction[] = [];
  for (const transaction of transactions) {
    const verdict = attempt(bench, `apply transaction ${transaction.hash}`, (apart) => {
      return applyTransaction(apart, transaction, body.length);
    });
    if (verdict === "unpayable" || verdict === undefined) invalid.push(transaction);
    if (verdict !== "applied") continue;
    included.push(transaction);
    body.push(transaction.bytes);
  }
  overlay.set(storageKey(Events), concatBytes(encodeValue(compact(u32), events.length), ...events));
  state.set(EventCount, events.length);

  const header = {
    parentHash,
    number,
    stateRoot: chain.stateRootAfter(overlay.changes),
    extrinsicsRoot: extrinsicsRoot(body),
    logs: [],
  };
  const block = { hash: hashOfHeader(header), header, body };
  return { block, changes: overlay.changes, included, invalid };
}

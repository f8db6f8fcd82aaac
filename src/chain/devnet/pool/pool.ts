/**
 * Transactions that wait for a block. Each sender's stand in the order of their nonces: those that follow on the
 * account's nonce without a gap are *ready*, the others are *future* until the gap closes. A watcher hears of every
 * change, above all of the last one: a client that is told nothing waits for ever.
 */
import { blake2AsU8a } from "@polkadot/util-crypto";
import { fromHex, toHex } from "../../../base/bytes.ts";
import { type Block, hex } from "../blocks/block.ts";
import type { Chain } from "../blocks/chain.ts";
import { classLimits } from "../pallets/block_limits.ts";
import {
  addWeights,
  BASE_EXTRINSIC_WEIGHT,
  type DispatchInfo,
  exceeds,
  type Weight,
} from "../runtime/dispatch_info.ts";
import type { Transaction } from "../runtime/extrinsic.ts";
import { refusal } from "./refusal.ts";
import { accountOf, validate } from "./validity.ts";

export interface PoolLimits {
  /** Ready and future together. */
  readonly poolTransactions: number;
  /** Of all that wait: decoded they take many times as much. */
  readonly poolBytes: number;
  readonly senderTransactions: number;
  readonly blockTransactions: number;
  readonly blockBytes: number;
  /** How long a gap may stay open. */
  readonly futureBlocks: number;
  readonly banBlocks: number;
  readonly bannedTransactions: number;
}

export const POOL_LIMITS: PoolLimits = {
  poolTransactions: 8192,
  poolBytes: 20 * 1024 * 1024,
  senderTransactions: 2048,
  blockTransactions: 2048,
  blockBytes: 4 * 1024 * 1024,
  futureBlocks: 256,
  banBlocks: 32,
  bannedTransactions: 4096,
};

/** As `author_extrinsicUpdate` carries it. */
export type PoolStatus =
  | "ready"
  | "future"
  | "dropped"
  | "invalid"
  | { readonly inBlock: string }
  | { readonly finalized: string }
  | { readonly usurped: string };
export type Watcher = (status: PoolStatus) => void;

interface Waiting {
  readonly transaction: Transaction;
  readonly info: DispatchInfo;
  readonly deathBlock: number;
  readonly sinceBlock: number;
  readonly watchers: Set<Watcher>;
  isReady: boolean;
}
type Queue = Map<number, Waiting>;

export class TransactionPool {
  readonly #chain: Chain;
  readonly #limits: PoolLimits;
  readonly #queues = new Map<string, Queue>();
  readonly #byHash = new Map<string, Waiting>();
  /** Transaction → block until which it is not taken; the newest last. */
  readonly #bannedTo = new Map<string, number>();

  #byteCount = 0;
  #onReady = () => {};

  constructor(chain: Chain, limits: PoolLimits = POOL_LIMITS) {
    this.#chain = chain;
    this.#limits = limits;
  }

  /** Calls back whenever a transaction has become fit for the next block. */
  onReady(listener: () => void): void {
    this.#onReady = listener;
  }

  get hasReady(): boolean {
    return this.#byHash.values().some((each) => each.isReady);
  }

  /** @returns the transaction's hash @throws {RpcError} */
  submit(bytes: Uint8Array): string {
    const hash = hex(blake2AsU8a(bytes, 256));
    if (this.#byHash.has(hash)) throw refusal.alreadyImported(hash);
    const bannedTo = this.#bannedTo.get(hash) ?? 0;
    if (this.#chain.head.header.number < bannedTo) throw refusal.banned();
    const { transaction, info, deathBlock } = validate(bytes, this.#chain);
    const { signer, explicit } = transaction;
    const nonce = explicit.CheckNonce;
    const sender = toHex(signer);
    const queue: Queue = this.#queues.get(sender) ?? new Map();
    const rival = queue.get(nonce);
    const addedBytes = bytes.byteLength - (rival?.transaction.bytes.byteLength ?? 0);
    const isTooMuch = this.#byteCount + addedBytes > this.#limits.poolBytes;
    if (isTooMuch || (!rival && this.#isFull(queue))) throw refusal.immediatelyDropped();
    if (rival) this.#usurp(rival, transaction);
    const sinceBlock = this.#chain.head.header.number;
    const watchers = new Set<Watcher>();
    const waiting = { transaction, info, deathBlock, sinceBlock, watchers, isReady: false };
    this.#queues.set(sender, queue);
    queue.set(nonce, waiting);
    this.#byHash.set(hash, waiting);
    this.#byteCount += bytes.byteLength;
    this.#sortOut(signer, queue);
    return hash;
  }

  /** Tells the present status at once, and then each later one. @returns unsubscribe */
  watch(hash: string, watcher: Watcher): () => void {
    const waiting = this.#byHash.get(hash);
    if (!waiting) return () => {};
    waiting.watchers.add(watcher);
    watcher(waiting.isReady ? "ready" : "future");
    return () => waiting.watchers.delete(watcher);
  }

  pending(): Transaction[] {
    return [...this.#byHash.values()].filter((each) => each.isReady).map((each) => each.transaction);
  }

  /** The nonce a new transaction of that account should have. */
  nextNonce(signer: Uint8Array): number {
    const queue = this.#queues.get(toHex(signer));
    let nonce = accountOf(this.#chain, signer).nonce;
    while (queue?.has(nonce)) nonce++;
    return nonce;
  }

  /** What the next block should hold, each sender's in order. */
  takeReady(): Transaction[] {
    const share = new BlockShare(this.#limits);
    for (const [sender, queue] of [...this.#queues]) {
      const ready = [...queue.values()].filter((each) => each.isReady);
      ready.sort((a, b) => a.transaction.explicit.CheckNonce - b.transaction.explicit.CheckNonce);
      const wanted = ready.length;
      while (ready.length > 0 && share.take(ready[0])) ready.shift();
      // Who is served goes to the end, so that no sender can keep the others out.
      if (ready.length < wanted || wanted === 0) {
        this.#queues.delete(sender);
        this.#queues.set(sender, queue);
      }
      if (ready.length > 0) break;
    }
    return share.taken;
  }

  /**
   * After `block` became the head.
   * @param invalid what the block left out because its sender could not pay the tip, or it could not be applied
   * @returns tells the watchers of the included ones that the block is final. A client that hears of the block reads its
   * events and throws them away if the next word comes before it has them, so this is for a little later
   */
  settle(block: Block, included: readonly Transaction[], invalid: readonly Transaction[]): () => void {
    const held = included.flatMap(({ hash }) => this.#byHash.get(hash) ?? []);
    for (const waiting of held) {
      this.#remove(waiting);
      tell(waiting, { inBlock: block.hash });
    }
    for (const { hash } of invalid) {
      const waiting = this.#byHash.get(hash);
      if (waiting) this.#end(waiting, "invalid");
    }
    for (const [sender, queue] of [...this.#queues]) this.#age(sender, queue, block.header.number);
    return () => held.forEach((waiting) => tellLast(waiting, { finalized: block.hash }));
  }

  /** The node stops: nothing that waits will be in a block. */
  clear(): void {
    for (const waiting of [...this.#byHash.values()]) this.#end(waiting, "dropped");
  }

  /** Ends what has become void or has waited too long for a gap to close. */
  #age(sender: string, queue: Queue, headNumber: number): void {
    const signer = fromHex(sender);
    const { nonce } = accountOf(this.#chain, signer);
    for (const waiting of [...queue.values()]) {
      const isStale = waiting.transaction.explicit.CheckNonce < nonce;
      if (isStale || waiting.deathBlock <= headNumber + 1) this.#end(waiting, "invalid");
    }
    this.#sortOut(signer, queue);
    for (const waiting of [...queue.values()]) {
      if (!waiting.isReady && headNumber - waiting.sinceBlock > this.#limits.futureBlocks) {
        this.#end(waiting, "dropped");
      }
    }
  }

  #isFull(queue: Queue): boolean {
    return this.#byHash.size >= this.#limits.poolTransactions ||
      queue.size >= this.#limits.senderTransactions;
  }

  #usurp(rival: Waiting, by: Transaction): void {
    const tip = by.explicit.ChargeTransactionPayment;
    const rivalTip = rival.transaction.explicit.ChargeTransactionPayment;
    if (tip <= rivalTip) throw refusal.priorityTooLow(tip, rivalTip);
    this.#end(rival, { usurped: by.hash });
  }

  /** Tells ready from future anew, after a nonce came or went. */
  #sortOut(signer: Uint8Array, queue: Queue): void {
    let next = accountOf(this.#chain, signer).nonce;
    for (const nonce of [...queue.keys()].sort((a, b) => a - b)) {
      const waiting = queue.get(nonce)!;
      const isReady = nonce === next;
      if (isReady) next++;
      if (isReady === waiting.isReady) continue;
      waiting.isReady = isReady;
      tell(waiting, isReady ? "ready" : "future");
      if (isReady) this.#onReady();
    }
  }

  #end(waiting: Waiting, status: PoolStatus): void {
    this.#remove(waiting);
    if (status === "invalid") this.#ban(waiting.transaction.hash);
    tellLast(waiting, status);
  }

  /** What turned out invalid is not looked at again for a while. */
  #ban(hash: string): void {
    this.#bannedTo.delete(hash);
    this.#bannedTo.set(hash, this.#chain.head.header.number + this.#limits.banBlocks);
    if (this.#bannedTo.size <= this.#limits.bannedTransactions) return;
    const [oldest] = this.#bannedTo.keys();
    this.#bannedTo.delete(oldest);
  }

  #remove(waiting: Waiting): void {
    const { hash, signer, explicit, bytes } = waiting.transaction;
    const sender = toHex(signer);
    const queue = this.#queues.get(sender)!;
    this.#byHash.delete(hash);
    this.#byteCount -= bytes.byteLength;
    queue.delete(explicit.CheckNonce);
    if (queue.size === 0) this.#queues.delete(sender);
  }
}

/** One block's, filling up. */
class BlockShare {
  readonly taken: Transaction[] = [];
  readonly #limits: PoolLimits;
  readonly #weights = new Map<string, Weight>();
  #byteCount = 0;

  constructor(limits: PoolLimits) {
    this.#limits = limits;
  }

  /** @returns false, with nothing taken, where there is no room */
  take({ transaction, info }: Waiting): boolean {
    const className = info.class.name;
    const byteCount = this.#byteCount + transaction.bytes.byteLength;
    const before = this.#weights.get(className) ?? { ref_time: 0n, proof_size: 0n };
    const weight = addWeights(before, addWeights(info.weight, BASE_EXTRINSIC_WEIGHT));
    const isFull = this.taken.length === this.#limits.blockTransactions ||
      byteCount > this.#limits.blockBytes || exceeds(weight, classLimits(className).max_total);
    if (isFull) return false;
    this.#byteCount = byteCount;
    this.#weights.set(className, weight);
    this.taken.push(transaction);
    return true;
  }
}

function tell(waiting: Waiting, status: PoolStatus): void {
  for (const watcher of [...waiting.watchers]) watcher(status);
}

function tellLast(waiting: Waiting, status: PoolStatus): void {
  tell(waiting, status);
  waiting.watchers.clear();
}

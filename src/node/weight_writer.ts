/**
 * A validator's weights on their way to the chain: the newest scores, one call after another. Where the chain wants it to wait (a
 * rate limit, a permit that only an epoch gives), it waits for the block and sends what is newest by then. States:
 *
 *   idle ── write ──▶ sending ──▶ idle
 *                        └─ too soon, no permit ──▶ waiting ── its block, or a write after it ──▶ sending
 */
import { describeError, isSkeinError, type SkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { ChainClient } from "../chain/client.ts";
import type { HotkeyPair } from "../chain/wallet/wallet.ts";
import type { CommitStore } from "../chain/weight_commits.ts";
import type { WeightsSent } from "../chain/weight_setter.ts";

/** Permits come with epochs, whose blocks nobody tells: this is not long compared to one, and asking costs two reads. */
const NO_PERMIT_BLOCKS = 20;
/** Of a call that was given up, not refused. */
const END_UNKNOWN = ["chain/timeout", "chain/disconnected"];

export interface WeightWriterParts {
  readonly chain: Pick<ChainClient, "block" | "onBlock" | "setWeights">;
  readonly netuid: number;
  readonly hotkey: HotkeyPair;
  readonly commits: CommitStore;
  hotkeyOf(uid: number): string | undefined;
  /** What was committed, or may have been, must be revealed from that block on. */
  onCommitted(revealBlock: number): void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

interface Scored {
  readonly outerStep: number;
  /** uid → score */
  readonly scores: ReadonlyMap<number, number>;
}

export class WeightWriter {
  readonly #parts: WeightWriterParts;
  readonly #unsubscribe: () => void;
  #newest?: Scored;
  /** Nothing is tried while the chain's head is below. */
  #fromBlock = 0;
  /** A person has been told why it waits. */
  #told?: string;
  #sending: Promise<void> = Promise.resolve();

  constructor(parts: WeightWriterParts) {
    this.#parts = parts;
    this.#unsubscribe = parts.chain.onBlock(() => {
      if (this.#fromBlock > 0) this.#sendIfDue();
    });
  }

  write(outerStep: number, scores: ReadonlyMap<number, number>): void {
    if (scores.size === 0) return;
    this.#newest = { outerStep, scores };
    this.#sendIfDue();
  }

  /** Resolves when nothing is being sent; what waits for a block goes on waiting. */
  async settled(): Promise<void> {
    await this.#sending;
  }

  close(): void {
    this.#unsubscribe();
  }

  #sendIfDue(): void {
    if (this.#newest === undefined || this.#parts.chain.block() < this.#fromBlock) return;
    this.#fromBlock = 0;
    this.#sending = this.#sending.then(() => this.#send());
  }

  async #send(): Promise<void> {
    const { chain, netuid, hotkey, commits, log, signal } = this.#parts;
    const scored = this.#newest;
    if (scored === undefined || signal.aborted || chain.block() < this.#fromBlock) return;
    this.#newest = undefined;
    try {
      const sent = await chain.setWeights(netuid, hotkey.pair, scored.scores, commits);
      this.#told = undefined;
      this.#tellSent(scored, sent);
      if (sent.kind === "committed") this.#parts.onCommitted(sent.revealBlock);
    } catch (error) {
      if (!isSkeinError(error)) throw error;
      // What was committed may be in a block all the same; if it is not, nobody is the worse for having looked.
      if (END_UNKNOWN.includes(error.code)) this.#parts.onCommitted(chain.block() + 1);
      const block = retryBlock(error, chain.block());
      if (block !== undefined) return this.#wait(scored, block, error);
      if (signal.aborted) return;
      log.warn(
        `set weights after outer step ${scored.outerStep}: ${describeError(error)}, trying again next step`,
      );
    }
  }

  #wait(scored: Scored, block: number, error: SkeinError): void {
    this.#newest ??= scored;
    this.#fromBlock = block;
    // A permit may be long in coming: each block that it is looked for again is not news. A rate limit's block is.
    const news = error.code === "chain/no-permit" ? error.code : `${error.code} ${block}`;
    if (news === this.#told) return;
    this.#told = news;
    this.#parts.log.info(`weights wait for block ${block}: ${describeError(error)}`);
  }

  #tellSent({ outerStep, scores }: Scored, sent: WeightsSent): void {
    const { hotkey, hotkeyOf, log } = this.#parts;
    const named = (pairs: readonly (readonly [number, number])[]) =>
      Object.fromEntries(pairs.map(([uid, value]) => [hotkeyOf(uid) ?? `uid ${uid}`, value]));
    log.emit({
      event: "weights-set",
      hotkey: hotkey.ss58,
      outerStep,
      kind: sent.kind,
      ...(sent.kind === "set" ? {} : { revealBlock: sent.revealBlock }),
      weights: named(sent.uids.map((uid, i) => [uid, sent.values[i]] as const)),
      scores: named([...scores]),
    });
  }
}

/** @returns the head from which on it may go well; undefined for failures that no block mends */
function retryBlock(error: SkeinError, block: number): number | undefined {
  if (error.code === "chain/no-permit") return block + NO_PERMIT_BLOCKS;
  // A call is in a block after the head.
  if (error.code === "chain/too-soon") return Math.max(block + 1, Number(error.payload.block) - 1);
  return undefined;
}

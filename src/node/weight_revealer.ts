/**
 * Reveals a validator's committed weights in their time, while blocks come: also those that it committed before a restart. Asked
 * once in a few blocks, and only while something waits.
 */
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { ChainClient } from "../chain/client.ts";
import type { HotkeyPair } from "../chain/wallet/wallet.ts";
import type { CommitStore } from "../chain/weight_commits.ts";

/** Far below a subnet's tempo, which is how long a reveal has. */
const BLOCKS_BETWEEN_TRIES = 3;

export interface WeightRevealerParts {
  readonly chain: Pick<ChainClient, "block" | "onBlock" | "revealWeights" | "genesisHash">;
  readonly hotkey: HotkeyPair;
  readonly commits: CommitStore;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export class WeightRevealer {
  readonly #parts: WeightRevealerParts;
  readonly #unsubscribe: () => void;
  /** The head from which on it is asked next; Infinity while nothing waits. */
  #fromBlock: number;
  #revealing: Promise<void> | undefined;

  private constructor(parts: WeightRevealerParts, fromBlock: number) {
    this.#parts = parts;
    this.#fromBlock = fromBlock;
    this.#unsubscribe = parts.chain.onBlock((block) => this.#onBlock(block));
  }

  /** @throws {SkeinError} that of the store, when what it kept cannot be read */
  static async open(parts: WeightRevealerParts): Promise<WeightRevealer> {
    return new WeightRevealer(parts, await hasPending(parts) ? 0 : Infinity);
  }

  /** Something was committed that can be revealed from a block on. */
  expect(revealBlock: number): void {
    this.#fromBlock = Math.min(this.#fromBlock, revealBlock - 1);
  }

  /** Resolves when no reveal is on its way. */
  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#revealing;
  }

  #onBlock(block: number): void {
    if (block < this.#fromBlock || this.#revealing !== undefined || this.#parts.signal.aborted) return;
    this.#fromBlock = Infinity;
    this.#revealing = this.#reveal().finally(() => this.#revealing = undefined);
  }

  async #reveal(): Promise<void> {
    const { chain, hotkey, commits, log, signal } = this.#parts;
    try {
      for (const { netuid, uids, values, commitBlock } of await chain.revealWeights(hotkey.pair, commits)) {
        log.emit({ event: "weights-revealed", hotkey: hotkey.ss58, netuid, commitBlock, uids, values });
      }
      if (await hasPending(this.#parts)) this.#again();
    } catch (error) {
      if (!isSkeinError(error)) throw error;
      if (signal.aborted) return;
      log.warn(`reveal weights: ${describeError(error)}, trying again`);
      this.#again();
    }
  }

  #again(): void {
    this.expect(this.#parts.chain.block() + 1 + BLOCKS_BETWEEN_TRIES);
  }
}

async function hasPending({ chain, hotkey, commits }: WeightRevealerParts): Promise<boolean> {
  return (await commits.load()).some((each) =>
    each.hotkey === hotkey.ss58 && each.genesisHash === chain.genesisHash
  );
}

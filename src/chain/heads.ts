/**
 * Follows the chain's heads: the best one, which reads refer to and which may be taken back, and the height of what is final.
 * Heights never go back, whatever a node or a reorganisation says.
 */
import type { ApiPromise } from "@polkadot/api";
import type { Header } from "@polkadot/types/interfaces";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { isUnknownBlock, readBestHead, readFinalizedHead } from "./head_reads.ts";
import type { BlockRef } from "./chain_view.ts";
import type { SteadyProvider } from "./steady_provider.ts";
import type { ChainRequest } from "./storage.ts";

const READ_ATTEMPTS = 4;

export class Heads {
  readonly #handlers = new Set<(block: number) => void>();
  #latest: BlockRef;
  #height: number;
  #finalizedHeight: number;
  readonly #log: Log;

  private constructor(first: BlockRef, finalized: BlockRef, log: Log) {
    this.#log = log;
    this.#latest = first;
    this.#height = first.number;
    this.#finalizedHeight = finalized.number;
  }

  /** Resolves with the first heads in hand. */
  static async follow(api: ApiPromise, provider: SteadyProvider, log: Log): Promise<Heads> {
    const request: ChainRequest = (method, params) => provider.request(method, params);
    const heads = new Heads(await readBestHead(request), await readFinalizedHead(request), log);
    const subscribe = (type: string, method: string, take: (header: Header) => void) =>
      provider.subscribe(type, method, [], (error, header) => {
        if (error !== null) log.warn(`chain: follow heads: ${error.message}`);
        else take(api.registry.createType<Header>("Header", header));
      });
    await subscribe(
      "chain_newHead",
      "chain_subscribeNewHead",
      ({ number, hash }) => heads.see({ number: number.toNumber(), hash: hash.toHex() }),
    );
    await subscribe(
      "chain_finalizedHead",
      "chain_subscribeFinalizedHeads",
      ({ number }) => heads.seeFinalized(number.toNumber()),
    );
    return heads;
  }

  /** The newest head, for reads. After a reorganisation it may be lower than `height`. */
  get latest(): BlockRef {
    return this.#latest;
  }

  get height(): number {
    return this.#height;
  }

  get finalizedHeight(): number {
    return this.#finalizedHeight;
  }

  /**
   * Reads at the newest head, and again at the node's own when it does not know that block: it was reorganised away, or it was
   * another node's.
   * @param request asks the node for its head
   */
  async read<T>(request: ChainRequest, read: (block: BlockRef) => Promise<T>): Promise<T> {
    for (let attempt = 1;; attempt++) {
      try {
        return await read(this.#latest);
      } catch (error) {
        if (!isUnknownBlock(error) || attempt === READ_ATTEMPTS) throw error;
        this.see(await readBestHead(request));
      }
    }
  }

  /** Takes note of a block: from the subscription, or because one of our calls is in it. */
  see(block: BlockRef): void {
    this.#latest = block;
    if (block.number <= this.#height) return;
    this.#height = block.number;
    for (const handler of [...this.#handlers]) {
      try {
        handler(block.number);
      } catch (error) {
        // Told where it is: the link would take it for a fault of the node.
        this.#log.warn(`chain: a handler of block ${block.number} failed: ${describeError(error)}`);
      }
    }
  }

  seeFinalized(number: number): void {
    this.#finalizedHeight = Math.max(this.#finalizedHeight, number);
  }

  /** @returns unsubscribe */
  onBlock(handler: (block: number) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }
}

/** Follows the chain's best head: the block that reads refer to, and a height that never goes back. */
import type { ApiPromise } from "@polkadot/api";
import type { Header } from "@polkadot/types/interfaces";
import type { Log } from "../base/log.ts";
import type { BlockRef } from "./metagraph.ts";
import type { SteadyProvider } from "./steady_provider.ts";

export class Heads {
  readonly #handlers = new Set<(block: number) => void>();
  #latest: BlockRef;
  #height: number;

  private constructor(first: BlockRef) {
    this.#latest = first;
    this.#height = first.number;
  }

  /** Resolves with the first head in hand. */
  static async follow(api: ApiPromise, provider: SteadyProvider, log: Log): Promise<Heads> {
    const number = Number((await provider.request("chain_getHeader", [])).number);
    const hash: string = await provider.request("chain_getBlockHash", [number]);
    const heads = new Heads({ number, hash });
    await provider.subscribe("chain_newHead", "chain_subscribeNewHead", [], (error, header) => {
      if (error !== null) return log.warn(`chain: follow heads: ${error.message}`);
      const { number, hash } = api.registry.createType<Header>("Header", header);
      heads.see({ number: number.toNumber(), hash: hash.toHex() });
    });
    return heads;
  }

  /** The newest head, for reads. After a reorganisation it may be lower than `height`. */
  get latest(): BlockRef {
    return this.#latest;
  }

  get height(): number {
    return this.#height;
  }

  /** Takes note of a block: from the subscription, or because one of our calls is in it. */
  see(block: BlockRef): void {
    this.#latest = block;
    if (block.number <= this.#height) return;
    this.#height = block.number;
    for (const handler of [...this.#handlers]) handler(block.number);
  }

  /** @returns unsubscribe */
  onBlock(handler: (block: number) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }
}

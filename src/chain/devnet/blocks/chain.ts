/**
 * The chain as the rest sees it: a head, the state there and at the blocks just before, and word of each new block. A
 * block is first durable in the store and only then the head, so nobody hears of a block that a crash could take
 * back.
 */
import type { StateReader } from "../pallets/overlay.ts";
import { assert } from "../../../base/assert.ts";
import { describeError } from "../../../base/errors.ts";
import { type Log, silentLog } from "../../../base/log.ts";
import { equalBytes, fromHex } from "../../../base/bytes.ts";
import { type Block, type Changes, hashOfHeader } from "./block.ts";
import { type BlockStore, KEPT_STATES } from "./store.ts";
import { digestAfter, digestBytes, digestOfState } from "./state_digest.ts";
import { genesisBlock, STEADY_TIME_KEY } from "./genesis.ts";

/** The state at one block. */
export interface StateView extends StateReader {
  /** In order. */
  keys(prefix: string): string[];
}

/** What a new chain begins with. */
export interface Genesis {
  readonly nonce: Uint8Array;
  readonly timeMs: number;
  readonly hasSteadyTime: boolean;
}

export type BlockListener = (block: Block, changes: Changes) => void;

export class Chain implements StateReader {
  readonly genesisHash: string;
  readonly #store: BlockStore;
  readonly #state: Map<string, Uint8Array>;
  readonly #undo: Map<number, Changes>;
  readonly #log: Log;
  readonly #listeners = new Set<BlockListener>();
  #head: Block;
  #digest: bigint;
  #next: { changes: Changes; digest: bigint } | undefined;

  /**
   * Goes on with the chain in the store, or begins a new one.
   * @throws {SkeinError} `devnet/store-damaged` when state and head do not belong together, `devnet/store-io`
   */
  constructor(store: BlockStore, begin: () => Genesis, log: Log = silentLog) {
    this.#log = log;
    this.#store = store;
    if (store.headNumber() === undefined) {
      const { nonce, timeMs, hasSteadyTime } = begin();
      const { block, changes } = genesisBlock(nonce, timeMs, hasSteadyTime);
      store.append(block, changes, new Map());
    }
    const number = store.headNumber()!;
    const genesis = store.hashAt(0);
    if (genesis === undefined) throw store.damaged("no genesis block");
    this.genesisHash = genesis;
    this.#head = store.blockAt(number)!;
    this.#state = store.state();
    this.#undo = store.undo();
    this.#digest = digestOfState(this.#state);
    if (hashOfHeader(this.#head.header) !== this.#head.hash) {
      throw store.damaged(`another hash of block ${number}`);
    }
    if (!equalBytes(digestBytes(this.#digest), this.#head.header.stateRoot)) {
      throw store.damaged(`a state that is not block ${number}'s`);
    }
  }

  /** Time is counted in blocks, not read from the clock: the same calls give the same chain. */
  get hasSteadyTime(): boolean {
    return this.#state.has(STEADY_TIME_KEY);
  }

  get head(): Block {
    return this.#head;
  }

  /** At the head. */
  get(key: string): Uint8Array | undefined {
    return this.#state.get(key);
  }

  /** At the head, in order. */
  keys(prefix: string): string[] {
    return this.#keys(prefix, new Map());
  }

  /** The state root if these changes came next. */
  stateRootAfter(changes: Changes): Uint8Array {
    const digest = digestAfter(this.#digest, this, changes);
    this.#next = { changes, digest };
    return digestBytes(digest);
  }

  /** As worked out for the block's header, unless these are other changes. */
  #digestAfter(changes: Changes): bigint {
    const next = this.#next;
    return next?.changes === changes ? next.digest : digestAfter(this.#digest, this, changes);
  }

  /** @throws {SkeinError} `devnet/store-io`; the chain is then as before */
  append(block: Block, changes: Changes): void {
    const { number } = block.header;
    assert(number === this.#head.header.number + 1, `block ${number} follows the head`);
    const undo = new Map([...changes.keys()].map((key) => [key, this.#state.get(key)]));
    const digest = this.#digestAfter(changes);
    this.#store.append(block, changes, undo);
    this.#digest = digest;
    this.#next = undefined;
    for (const [key, value] of changes) {
      if (value) this.#state.set(key, value);
      else this.#state.delete(key);
    }
    this.#undo.set(number, undo);
    this.#undo.delete(number - KEPT_STATES);
    this.#head = block;
    for (const listener of [...this.#listeners]) this.#tell(listener, block, changes);
  }

  /** The block is durable by now: a listener's fault is no reason for others not to hear of it. */
  #tell(listener: BlockListener, block: Block, changes: Changes): void {
    try {
      listener(block, changes);
    } catch (error) {
      this.#log.warn(`tell of block ${block.header.number}: ${describeError(error)}`);
    }
  }

  /** @returns unsubscribe */
  onBlock(listener: BlockListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  hashAt(number: number): string | undefined {
    return number === this.#head.header.number ? this.#head.hash : this.#store.hashAt(number);
  }

  blockOf(hash: string): Block | undefined {
    return hash === this.#head.hash ? this.#head : this.#store.blockOf(hash);
  }

  /** The hash, as bytes, of a block that is still kept. */
  hashBytesAt(number: number): Uint8Array | undefined {
    const hash = this.hashAt(number);
    return hash === undefined ? undefined : fromHex(hash);
  }

  /** The state after the block of that number; undefined when it is no longer kept. */
  stateAt(number: number): StateView | undefined {
    const head = this.#head.header.number;
    const since = new Map<string, Uint8Array | undefined>();
    for (let at = head; at > number; at--) {
      const undo = this.#undo.get(at);
      if (!undo) return undefined;
      for (const [key, value] of undo) since.set(key, value);
    }
    return {
      get: (key) => since.has(key) ? since.get(key) : this.#state.get(key),
      keys: (prefix) => this.#keys(prefix, since),
    };
  }

  /** What that block replaced in the state; undefined when it is no longer kept. */
  replacedBy(number: number): Changes | undefined {
    return this.#undo.get(number);
  }

  #keys(prefix: string, since: Changes): string[] {
    const found = [...this.#state.keys()].filter((key) => key.startsWith(prefix) && !since.has(key));
    for (const [key, value] of since) if (value && key.startsWith(prefix)) found.push(key);
    return found.sort();
  }
}

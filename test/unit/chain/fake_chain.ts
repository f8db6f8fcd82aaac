/**
 * A chain of four ideas (blocks, forks, nonces, a pool) behind the two boundaries of the submitter: the request function and the
 * link. Extrinsics are JSON texts. Faults are set per submission; time is a thousand times as
 * fast unless a test brings its own.
 */
import { assert } from "../../../src/base/assert.ts";
import { systemClock } from "../../../src/base/clock.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { Random } from "../../../src/base/random.ts";
import { chainError } from "../../../src/chain/errors.ts";
import type { SubmitDependencies } from "../../../src/chain/submit.ts";
import type { PoolFault } from "./submission_faults.ts";

export const quickClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  monotonicMs: () => systemClock.monotonicMs() * 1000,
  sleep: (ms, signal) => systemClock.sleep(ms / 1000, signal),
  after: (ms, callback) => systemClock.after(ms / 1000, callback),
};

interface FakeBlock {
  readonly hash: string;
  readonly extrinsics: string[];
}
interface FakeExtrinsic {
  readonly ss58: string;
  readonly nonce: number;
  readonly call: string;
  /** Hash of the block that the signature is good from. */
  readonly anchor?: string;
}
type Update = (error: Error | null, status: unknown) => void;

export class FakeChain {
  /** The best chain. */
  blocks: FakeBlock[] = [{ hash: "block-0", extrinsics: [] }];
  /** How far the final head is behind the best. */
  finalityLag = 0;
  /** Each block that ever was, with all before it. */
  readonly #chains = new Map<string, readonly FakeBlock[]>([["block-0", this.blocks]]);
  #forkCount = 0;
  /** Never goes back. */
  #finalNumber = 0;
  readonly pool = new Map<string, Update>();
  /** Taken from the front, one a submission; an undefined entry is no fault. */
  readonly faults: (PoolFault | undefined)[] = [];
  submissionCount = 0;
  readonly closing = new AbortController();
  /** The runtime's version; of which the API learns only when it has been asked for some times. */
  spec = 1;
  knownSpec = 1;
  slownessOfNews = 0;
  questionCount = 0;
  #link = this.#newLink();
  /** The pool takes nothing. */
  isDeaf = false;
  /** Different extrinsics that were sent. */
  readonly sent = new Set<string>();
  readonly #clock: Clock;
  readonly #stored: unknown[] = [];
  #storedCount = 0;

  constructor(clock: Clock = quickClock) {
    this.#clock = clock;
  }

  /** All calls that took effect, in order. */
  get calls(): string[] {
    return this.blocks.flatMap(({ extrinsics }) => extrinsics.map((text) => parse(text).call));
  }

  mine(): void {
    const extrinsics: string[] = [];
    const sorted = [...this.pool].sort(([a], [b]) => parse(a).nonce - parse(b).nonce);
    const block = { hash: `block-${this.blocks.length}${"'".repeat(this.#forkCount)}`, extrinsics };
    const before = this.blocks;
    this.blocks = [...before, block];
    for (const [text, onUpdate] of sorted) {
      const { ss58, nonce } = parse(text);
      const expected = nonceAfter(ss58, this.blocks);
      if (nonce > expected) continue;
      this.pool.delete(text);
      if (nonce < expected || this.#isExpired(text)) continue;
      extrinsics.push(text);
      onUpdate(null, { inBlock: block.hash });
    }
    this.#chains.set(block.hash, this.blocks);
    this.#finalNumber = Math.max(this.#finalNumber, this.blocks.length - 1 - this.finalityLag);
  }

  /** Blocks that may be taken back. */
  get looseCount(): number {
    return this.blocks.length - 1 - this.#finalNumber;
  }

  /** 63 blocks after its anchor, or on a chain without that. */
  #isExpired(text: string): boolean {
    const { anchor } = parse(text);
    if (anchor === undefined) return false;
    const at = this.blocks.findIndex(({ hash }) => hash === anchor);
    return at < 0 || this.blocks.length - 1 - at > 63;
  }

  /** The chain goes on from an earlier block. @param isKept whether the pool takes back what the lost blocks held */
  retract(blockCount: number, isKept: boolean): void {
    assert(blockCount > 0 && blockCount <= this.looseCount, "what is final stays");
    const lost = this.blocks.slice(-blockCount);
    this.blocks = this.blocks.slice(0, -blockCount);
    this.#forkCount++;
    if (!isKept) return;
    for (const text of lost.flatMap(({ extrinsics }) => extrinsics)) this.pool.set(text, () => {});
  }

  loseConnection(): void {
    const lost = this.#link;
    this.#link = this.#newLink();
    lost.isAlive = false;
    lost.lose();
  }

  /** Mines every virtual second until the returned function is called. */
  startMining(): () => void {
    let isStopped = false;
    (async () => {
      while (!isStopped) {
        await this.#clock.sleep(1000);
        this.mine();
      }
    })();
    return () => isStopped = true;
  }

  /** What a client of this chain sees; several may share it. */
  dependencies(seed: number): SubmitDependencies {
    const entry = (key: (...args: unknown[]) => string) => ({
      key,
      creator: { meta: { type: { isPlain: true }, modifier: {}, fallback: { toU8a: () => [] } } },
    });
    const api = {
      runtimeVersion: { specVersion: { toNumber: () => this.knownSpec } },
      rpc: { system: { accountNextIndex() {} } },
      query: {
        system: {
          account: entry((ss58) => String(ss58)),
          events: entry(() => "events"),
          blockHash: entry((number) => `hash ${number}`),
        },
      },
      registry: {
        createType: () => ({}),
        createLookupType: () => "",
        createTypeUnsafe: (_: string, [bytes]: [Uint8Array]) => this.#stored[bytes[0]],
        findMetaError: () => ({ section: "fake", name: "CallIsBad", docs: ["The call is bad."] }),
      },
    };
    const provider = {
      uptimeMs: () => this.#clock.monotonicMs(),
      connected: async () => this.#link,
      beginCall: () => () => {},
      closed: this.closing.signal,
    };
    return {
      api,
      provider,
      request: (method: string, params: any[]) => this.#answer(method, params),
      clock: this.#clock,
      log: silentLog,
      random: new Random(seed),
    } as unknown as SubmitDependencies;
  }

  async #answer(method: string, params: any[]): Promise<unknown> {
    this.questionCount++;
    const best = this.blocks.at(-1)!.hash;
    switch (method) {
      case "chain_getHeader":
        return { number: this.#chainTo(params[0] ?? best).length - 1 };
      case "state_getRuntimeVersion":
        this.knownSpec += this.knownSpec < this.spec && --this.slownessOfNews < 0 ? 1 : 0;
        return { specVersion: this.spec };
      case "chain_getBlockHash":
        return params.length === 0 ? best : this.blocks[params[0]].hash;
      case "chain_getFinalizedHead":
        return this.blocks[this.#finalNumber].hash;
      case "chain_getBlock": {
        const chain = this.#chainTo(params[0]);
        return { block: { header: { number: chain.length - 1 }, extrinsics: chain.at(-1)!.extrinsics } };
      }
      case "system_accountNextIndex": {
        const inPool = [...this.pool.keys()].map(parse).filter(({ ss58 }) => ss58 === params[0]);
        let next = nonceAfter(params[0], this.blocks);
        while (inPool.some(({ nonce }) => nonce === next)) next++;
        return next;
      }
      case "state_queryStorageAt": {
        const chain = this.#chainTo(params[1]);
        const value = (key: string) => {
          if (key === "events") return eventsOf(chain.at(-1)!);
          if (key.startsWith("hash ")) return { toHex: () => chain[Number(key.slice(5))].hash };
          return { nonce: { toNumber: () => nonceAfter(key, chain) } };
        };
        return [{ changes: params[0].map((key: string) => [key, this.#store(value(key))]) }];
      }
    }
    throw new Error(`unexpected ${method}`);
  }

  #chainTo(hash: string): readonly FakeBlock[] {
    const chain = this.#chains.get(hash);
    if (chain === undefined) throw chainError("chain/request-failed", `read ${hash}: UnknownBlock`);
    return chain;
  }

  /** Values travel as one byte, their number modulo 256. @returns hex */
  #store(value: unknown): string {
    this.#stored[this.#storedCount % 256] = value;
    return `0x${(this.#storedCount++ % 256).toString(16).padStart(2, "0")}`;
  }

  #newLink() {
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    return {
      isAlive: true,
      ended,
      lose: () => resolve("lost"),
      unsubscribe() {},
      subscribe: async (_type: string, _method: string, [text]: [string], onUpdate: Update) => {
        this.submissionCount++;
        this.sent.add(text);
        if (this.isDeaf) throw Object.assign(new Error("Immediately Dropped"), { code: 1016 });
        const fault = this.faults.shift();
        if (typeof fault === "object") throw Object.assign(new Error(fault.data), { code: fault.refuse });
        if (fault !== "cutBefore") this.#take(text, onUpdate);
        if (fault === "cutBefore" || fault === "cutAfter") {
          this.loseConnection();
          throw chainError("chain/disconnected", "request: lost");
        }
        if (fault === "double") { // the first time gets into a block
          this.mine();
          this.#take(text, onUpdate);
        }
        if (fault === "drop") {
          this.pool.delete(text);
          queueMicrotask(() => onUpdate(null, "dropped"));
        }
        return "subscription";
      },
    };
  }

  #take(text: string, onUpdate: Update): void {
    const refuse = (code: number, message: string) => {
      throw Object.assign(new Error(message), { code });
    };
    const { ss58, nonce } = parse(text);
    if (this.pool.has(text)) refuse(1013, "Already Imported");
    if (nonce < nonceAfter(ss58, this.blocks)) refuse(1010, "Invalid Transaction: Transaction is outdated");
    const isTaken = [...this.pool.keys()].map(parse).some((other) =>
      other.ss58 === ss58 && other.nonce === nonce
    );
    if (isTaken) refuse(1014, "Priority is too low");
    this.pool.set(text, onUpdate);
  }
}

/** Stands for a built call. */
export function fakeCall(call: string): any {
  let text = "";
  return {
    method: { method: "fake" },
    sign: (account: { address: string }, { nonce, blockHash }: { nonce: number; blockHash: string }) =>
      text = JSON.stringify({ ss58: account.address, nonce, call, anchor: blockHash }),
    toHex: () => text,
  };
}

function parse(text: string): FakeExtrinsic {
  return JSON.parse(text);
}

function nonceAfter(ss58: string, chain: readonly FakeBlock[]): number {
  return chain.flatMap(({ extrinsics }) => extrinsics).filter((text) => parse(text).ss58 === ss58).length;
}

/** Calls whose name begins with "bad" fail when executed. */
function eventsOf({ extrinsics }: FakeBlock): unknown[] {
  return extrinsics.flatMap((text, index) => {
    if (!parse(text).call.startsWith("bad")) return [];
    const phase = { isApplyExtrinsic: true, asApplyExtrinsic: { eq: (other: number) => other === index } };
    const dispatchError = { isModule: true, asModule: {} };
    return [{ phase, event: { section: "system", method: "ExtrinsicFailed", data: [dispatchError] } }];
  });
}

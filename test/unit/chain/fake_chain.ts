/**
 * A chain of three ideas (blocks, nonces, a pool) behind the two boundaries of the submitter: the request function and the
 * link. Extrinsics are JSON texts. Faults are set per submission; virtual time runs a thousand times as fast.
 */
import { systemClock } from "../../../src/base/clock.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { Random } from "../../../src/base/random.ts";
import { chainError } from "../../../src/chain/errors.ts";
import type { SubmitDependencies } from "../../../src/chain/submit.ts";

export const quickClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  monotonicMs: () => systemClock.monotonicMs() * 1000,
  sleep: (ms, signal) => systemClock.sleep(ms / 1000, signal),
  after: (ms, callback) => systemClock.after(ms / 1000, callback),
};

interface FakeExtrinsic {
  readonly ss58: string;
  readonly nonce: number;
  readonly call: string;
}
type Update = (error: Error | null, status: unknown) => void;
type Fault = "loseBefore" | "loseAfter" | "drop" | { code: number; message: string };

export class FakeChain {
  readonly blocks: { extrinsics: string[] }[] = [{ extrinsics: [] }];
  readonly pool = new Map<string, Update>();
  /** Taken from the front, one a submission; an undefined entry is no fault. */
  readonly faults: (Fault | undefined)[] = [];
  submissionCount = 0;
  #link = this.#newLink();
  readonly #stored: unknown[] = [];
  #storedCount = 0;

  /** All calls that took effect, in order. */
  get calls(): string[] {
    return this.blocks.flatMap(({ extrinsics }) => extrinsics.map((text) => parse(text).call));
  }

  mine(): void {
    const extrinsics: string[] = [];
    const sorted = [...this.pool].sort(([a], [b]) => parse(a).nonce - parse(b).nonce);
    this.blocks.push({ extrinsics });
    for (const [text, onUpdate] of sorted) {
      const { ss58, nonce } = parse(text);
      const expected = this.#nonceOf(ss58);
      if (nonce > expected) continue;
      this.pool.delete(text);
      if (nonce < expected) continue;
      extrinsics.push(text);
      onUpdate(null, { inBlock: `block-${this.blocks.length - 1}` });
    }
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
        await quickClock.sleep(1000);
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
      rpc: { system: { accountNextIndex() {} } },
      query: { system: { account: entry((ss58) => String(ss58)), events: entry(() => "events") } },
      registry: {
        createType: () => ({}),
        createLookupType: () => "",
        createTypeUnsafe: (_: string, [bytes]: [Uint8Array]) => this.#stored[bytes[0]],
        findMetaError: () => ({ section: "fake", name: "CallIsBad", docs: ["The call is bad."] }),
      },
    };
    const provider = { uptimeMs: () => quickClock.monotonicMs(), connected: async () => this.#link };
    return {
      api,
      provider,
      request: (method: string, params: any[]) => this.#answer(method, params),
      clock: quickClock,
      log: silentLog,
      random: new Random(seed),
    } as unknown as SubmitDependencies;
  }

  async #answer(method: string, params: any[]): Promise<unknown> {
    const numberOf = (hash: string | undefined) => hash ? Number(hash.slice(6)) : this.blocks.length - 1;
    switch (method) {
      case "chain_getHeader":
        return { number: numberOf(params[0]) };
      case "chain_getBlockHash":
        return `block-${params[0]}`;
      case "chain_getFinalizedHead":
        return `block-${this.blocks.length - 1}`;
      case "chain_getBlock":
        return {
          block: {
            header: { number: numberOf(params[0]) },
            extrinsics: this.blocks[numberOf(params[0])].extrinsics,
          },
        };
      case "system_accountNextIndex": {
        const inPool = [...this.pool.keys()].map(parse).filter(({ ss58 }) => ss58 === params[0]);
        let next = this.#nonceOf(params[0]);
        while (inPool.some(({ nonce }) => nonce === next)) next++;
        return next;
      }
      case "state_queryStorageAt": {
        const value = (key: string) =>
          key === "events"
            ? this.#eventsOf(numberOf(params[1]))
            : { nonce: { toNumber: () => this.#nonceOf(key) } };
        return [{ changes: params[0].map((key: string) => [key, this.#store(value(key))]) }];
      }
    }
    throw new Error(`unexpected ${method}`);
  }

  /** Calls whose name begins with "bad" fail when executed. */
  #eventsOf(blockNumber: number): unknown[] {
    return this.blocks[blockNumber].extrinsics.flatMap((text, index) => {
      if (!parse(text).call.startsWith("bad")) return [];
      const phase = { isApplyExtrinsic: true, asApplyExtrinsic: { eq: (other: number) => other === index } };
      const dispatchError = { isModule: true, asModule: {} };
      return [{ phase, event: { section: "system", method: "ExtrinsicFailed", data: [dispatchError] } }];
    });
  }

  /** Values travel as one byte, their number modulo 256. @returns hex */
  #store(value: unknown): string {
    this.#stored[this.#storedCount % 256] = value;
    return `0x${(this.#storedCount++ % 256).toString(16).padStart(2, "0")}`;
  }

  #nonceOf(ss58: string): number {
    return this.blocks.flatMap(({ extrinsics }) => extrinsics).filter((text) => parse(text).ss58 === ss58)
      .length;
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
        const fault = this.faults.shift();
        if (typeof fault === "object") throw Object.assign(new Error(fault.message), { code: fault.code });
        if (fault !== "loseBefore") this.#take(text, onUpdate);
        if (fault === "loseBefore" || fault === "loseAfter") {
          this.loseConnection();
          throw chainError("chain/disconnected", "request: lost");
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
    if (nonce < this.#nonceOf(ss58)) refuse(1010, "Invalid Transaction: Transaction is outdated");
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
    sign: (account: { address: string }, { nonce }: { nonce: number }) =>
      text = JSON.stringify({ ss58: account.address, nonce, call }),
    toHex: () => text,
  };
}

function parse(text: string): FakeExtrinsic {
  return JSON.parse(text);
}

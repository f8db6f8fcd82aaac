/** The `ChainClient` over @polkadot/api: each method is one reading, or one call handed to the submitter. */
import type { ApiPromise } from "@polkadot/api";
import type { Clock } from "../base/clock.ts";
import { isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { burnedRegisterCall, type Call, setCommitmentCall, setWeightsCall, transferCall } from "./calls.ts";
import type { ChainClient } from "./client.ts";
import { chainError } from "./errors.ts";
import type { Heads } from "./heads.ts";
import { type Metagraph, readMetagraph, readWeights, subtensorItem, type Weights } from "./metagraph.ts";
import type { Spending } from "./fees.ts";
import { findStorage } from "./runtime.ts";
import { type KeyringPair, publicKeyOf } from "./sr25519.ts";
import type { SteadyProvider } from "./steady_provider.ts";
import { type ChainRequest, readStorage, type StorageItem } from "./storage.ts";
import { type SubmitOptions, Submitter } from "./submit.ts";
import { scoresToWeights } from "./weights.ts";

export interface ClientParts {
  readonly api: ApiPromise;
  readonly provider: SteadyProvider;
  readonly heads: Heads;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly onClose: () => void;
}

export class PolkadotClient implements ChainClient {
  readonly url: string;
  readonly genesisHash: string;
  readonly #parts: ClientParts;
  readonly #request: ChainRequest;
  readonly #submitter: Submitter;

  constructor(
    options: { url: string; readLimitMs: number } & SubmitOptions,
    parts: ClientParts,
  ) {
    const { url, readLimitMs } = options;
    this.url = url;
    this.genesisHash = parts.api.genesisHash.toHex();
    this.#parts = parts;
    const requestWithin = (limitMs: number): ChainRequest => async (method, params) => {
      try {
        return await parts.provider.request(method, params, limitMs);
      } catch (error) {
        if (isSkeinError(error)) throw error;
        const { message, code } = error as Error & { code?: number };
        throw chainError(
          "chain/request-failed",
          `request ${method} of ${parts.provider.url}: the node answers ${message}, try again or use another node`,
          { method, rpcCode: code },
        );
      }
    };
    this.#request = requestWithin(readLimitMs);
    this.#submitter = new Submitter(
      options,
      { ...parts, request: requestWithin(Infinity) },
    );
  }

  block(): number {
    return this.#parts.heads.height;
  }

  finalizedBlock(): number {
    return this.#parts.heads.finalizedHeight;
  }

  onBlock(handler: (block: number) => void): () => void {
    return this.#parts.heads.onBlock(handler);
  }

  metagraph(netuid: number): Promise<Metagraph> {
    const { api, heads } = this.#parts;
    return heads.read(this.#request, (block) => readMetagraph(api, this.#request, netuid, block));
  }

  async balance(ss58: string): Promise<bigint> {
    publicKeyOf(ss58);
    const entry = findStorage(this.#parts.api, "system", "account");
    const account: any = await this.#read({ entry, args: [ss58] });
    return account.data.free.toBigInt();
  }

  async registrationCost(netuid: number): Promise<bigint> {
    return (await this.#read(this.#subtensor("burn", netuid))).toBigInt();
  }

  async isRegistered(netuid: number, hotkey: string): Promise<number | undefined> {
    publicKeyOf(hotkey);
    return (await this.#read(this.#subtensor("uids", netuid, hotkey)))?.toNumber();
  }

  async transfer(from: KeyringPair, to: string, amount: bigint): Promise<void> {
    publicKeyOf(to);
    await this.#submit(`transfer ${amount} rao to ${to}`, from, (api) => transferCall(api, to, amount), {
      amountRao: amount,
    });
  }

  async register(netuid: number, coldkey: KeyringPair, hotkey: string): Promise<number> {
    const before = await this.isRegistered(netuid, hotkey);
    if (before !== undefined) return before;
    try {
      await this.#submit(
        `register ${hotkey} in subnet ${netuid}`,
        coldkey,
        (api) => burnedRegisterCall(api, netuid, hotkey),
        { amountRao: await this.registrationCost(netuid) },
      );
    } catch (error) {
      // Somebody else was faster, or it was us before a restart.
      const isThere = isSkeinError(error, "chain/call-failed") &&
        error.payload.error === "SubtensorModule.HotKeyAlreadyRegisteredInSubNet";
      if (!isThere) throw error;
    }
    const uid = await this.isRegistered(netuid, hotkey);
    if (uid !== undefined) return uid;
    throw chainError(
      "chain/call-failed",
      `register ${hotkey} in subnet ${netuid}: included, but the hotkey has no uid now, it was pruned at once, try again`,
      { error: "NoUid" },
    );
  }

  async publish(netuid: number, hotkey: KeyringPair, commitment: Uint8Array): Promise<void> {
    await this.#submit(
      `publish ${commitment.byteLength} bytes in subnet ${netuid}`,
      hotkey,
      (api) => setCommitmentCall(api, netuid, commitment),
    );
  }

  async setWeights(
    netuid: number,
    hotkey: KeyringPair,
    scores: ReadonlyMap<number, number>,
  ): Promise<{ uids: number[]; values: number[] }> {
    const weights = scoresToWeights(scores);
    const versionKey: bigint = (await this.#read(this.#subtensor("weightsVersionKey", netuid))).toBigInt();
    await this.#submit(
      `set ${weights.uids.length} weights in subnet ${netuid}`,
      hotkey,
      (api) => setWeightsCall(api, netuid, weights, versionKey),
    );
    return weights;
  }

  weights(netuid: number): Promise<Weights> {
    const { api, heads } = this.#parts;
    return heads.read(this.#request, (block) => readWeights(api, this.#request, netuid, block));
  }

  async close(): Promise<void> {
    this.#parts.onClose();
    await this.#parts.provider.disconnect();
  }

  #subtensor(name: string, ...args: unknown[]): StorageItem {
    return subtensorItem(this.#parts.api, name, ...args);
  }

  async #read(item: StorageItem): Promise<any> {
    const { api, heads } = this.#parts;
    const [value] = await heads.read(
      this.#request,
      ({ hash }) => readStorage(api, this.#request, [item], hash),
    );
    return value;
  }

  async #submit(
    what: string,
    account: KeyringPair,
    build: (api: ApiPromise) => Call,
    spending: Spending = {},
  ): Promise<void> {
    const { api, heads } = this.#parts;
    const block = await this.#submitter.submit(what, account, () => build(api), spending);
    if (block.number > heads.latest.number) heads.see(block);
  }
}

/** The `ChainClient` over @polkadot/api: each method is one reading, or one call handed to the submitter. */
import type { ApiPromise } from "@polkadot/api";
import type { Clock } from "../base/clock.ts";
import { isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type Random, secureRandomBytes } from "../base/random.ts";
import { type AxonAddress, axonCall } from "./axon.ts";
import type { CallObserver } from "./call_stage.ts";
import {
  addStakeCall,
  type Call,
  createSubnetCall,
  registerCall,
  removeStakeCall,
  serveAxonCall,
  setCommitmentCall,
  startSubnetCall,
  transferCall,
} from "./calls.ts";
import type { ChainClient } from "./chain_client.ts";
import { type BlockRef, type ChainView, readItems, subtensorItem } from "./chain_view.ts";
import { chainError } from "./errors.ts";
import { checkLimit, inTokens, type Spending, tooExpensive } from "./fees.ts";
import type { Heads } from "./heads.ts";
import { isOnThisMachine } from "./networks.ts";
import { type Metagraph, readMetagraph, readWeights, type Weights } from "./metagraph.ts";
import { PolkadotOperator } from "./operator/polkadot_operator.ts";
import {
  foundingLimit,
  type RateLimit,
  registrationLimit,
  servingLimit,
  startLimit,
  tellingWhen,
} from "./rate_limits.ts";
import { requestsOf } from "./requests.ts";
import { findStorage } from "./runtime.ts";
import { type KeyringPair, publicKeyOf } from "./sr25519.ts";
import type { SteadyProvider } from "./steady_provider.ts";
import { readStakes, type Stake } from "./stakes.ts";
import type { ChainRequest, StorageItem } from "./storage.ts";
import {
  findCreatedSubnet,
  type Hyperparameters,
  readHyperparameters,
  readSubnet,
  readSubnetCost,
  readSubnets,
  type Subnet,
} from "./subnets.ts";
import { type SubmitOptions, Submitter } from "./submit.ts";
import type { CommitStore, PendingReveal } from "./weight_commits.ts";
import { WeightSetter, type WeightsSent } from "./weight_setter.ts";

export interface ClientParts {
  readonly api: ApiPromise;
  readonly provider: SteadyProvider;
  readonly heads: Heads;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly onClose: () => void;
  readonly onCall?: CallObserver;
}

export class PolkadotClient implements ChainClient {
  readonly url: string;
  readonly genesisHash: string;
  readonly operator: PolkadotOperator;
  readonly #parts: ClientParts;
  readonly #request: ChainRequest;
  readonly #submitter: Submitter;
  readonly #weightSetter: WeightSetter;

  constructor(options: { url: string; readLimitMs: number } & SubmitOptions, parts: ClientParts) {
    const { url, readLimitMs } = options;
    this.url = url;
    this.genesisHash = parts.api.genesisHash.toHex();
    this.#parts = parts;
    this.#request = requestsOf(parts.provider, readLimitMs);
    this.#submitter = new Submitter(
      options,
      { ...parts, request: requestsOf(parts.provider, Infinity) },
    );
    const read = <T>(task: (view: ChainView) => Promise<T>) => this.#at(task);
    this.operator = new PolkadotOperator({ read, submit: (...call) => this.#submit(...call) });
    this.#weightSetter = new WeightSetter({
      read,
      monotonicMs: () => parts.clock.monotonicMs(),
      submit: (what, account, build) => this.#submit(what, account, build),
      random: secureRandomBytes,
      genesisHash: this.genesisHash,
      log: parts.log,
    });
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
    return this.#at((view) => readMetagraph(view, netuid));
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
    const what = `transfer ${inTokens(amount)} TAO to ${to}`;
    await this.#submit(what, from, (api) => transferCall(api, to, amount), { amountRao: amount });
  }

  subnets(): Promise<Subnet[]> {
    return this.#at((view) => readSubnets(view));
  }

  subnet(netuid: number): Promise<Subnet> {
    return this.#at((view) => readSubnet(view, netuid));
  }

  hyperparameters(netuid: number): Promise<Hyperparameters> {
    return this.#at((view) => readHyperparameters(view, netuid));
  }

  subnetCost(): Promise<bigint> {
    return this.#at((view) => readSubnetCost(view));
  }

  async createSubnet(
    coldkey: KeyringPair,
    hotkey: string,
    options: { limit?: bigint } = {},
  ): Promise<number> {
    publicKeyOf(hotkey);
    const what = `create a subnet with hotkey ${hotkey}`;
    const cost = await this.subnetCost();
    checkLimit(what, cost, options.limit);
    const build = (api: ApiPromise) => createSubnetCall(api, hotkey);
    const block = await this.#submit(what, coldkey, build, { amountRao: cost, limit: foundingLimit });
    const netuid = await this.#at(
      (view) => findCreatedSubnet(view, { owner: coldkey.address, hotkey, notBefore: block.number }),
    );
    if (netuid !== undefined) return netuid;
    throw leftNothing(what, "no such subnet is there, look at the account", "NoSubnet");
  }

  async startSubnet(netuid: number, coldkey: KeyringPair): Promise<void> {
    const limit = startLimit(netuid);
    await this.#submit(`start subnet ${netuid}`, coldkey, (api) => startSubnetCall(api, netuid), { limit });
  }

  async register(
    netuid: number,
    coldkey: KeyringPair,
    hotkey: string,
    { limit }: { limit?: bigint } = {},
  ): Promise<number> {
    const before = await this.isRegistered(netuid, hotkey);
    if (before !== undefined) return before;
    const what = `register ${hotkey} in subnet ${netuid}`;
    const cost = await this.registrationCost(netuid);
    checkLimit(what, cost, limit);
    try {
      const build = (api: ApiPromise) => registerCall(api, netuid, hotkey, limit);
      await this.#submit(what, coldkey, build, { amountRao: cost, limit: registrationLimit(netuid) });
    } catch (error) {
      const failure = isSkeinError(error, "chain/call-failed") ? error.payload.error : undefined;
      if (failure === "SubtensorModule.RegistrationPriceLimitExceeded") {
        throw tooExpensive(what, cost, limit!);
      }
      // Somebody else was faster, or it was us before a restart.
      if (failure !== "SubtensorModule.HotKeyAlreadyRegisteredInSubNet") throw error;
    }
    const uid = await this.isRegistered(netuid, hotkey);
    if (uid !== undefined) return uid;
    throw leftNothing(what, "the hotkey has no uid now, it was pruned at once, try again", "NoUid");
  }

  async serveAxon(netuid: number, hotkey: KeyringPair, axon: AxonAddress): Promise<void> {
    const call = axonCall(axon, { isLocal: isOnThisMachine(this.url) });
    await this.#submit(
      `serve axon at ${axon.ip} port ${axon.port} in subnet ${netuid}`,
      hotkey,
      (api) => serveAxonCall(api, netuid, call),
      { limit: servingLimit(netuid, hotkey.address) },
    );
  }

  async addStake(netuid: number, coldkey: KeyringPair, hotkey: string, amount: bigint): Promise<void> {
    publicKeyOf(hotkey);
    await this.#submit(
      `stake ${inTokens(amount)} TAO on ${hotkey} in subnet ${netuid}`,
      coldkey,
      (api) => addStakeCall(api, netuid, hotkey, amount),
      { amountRao: amount },
    );
  }

  async removeStake(netuid: number, coldkey: KeyringPair, hotkey: string, amount: bigint): Promise<void> {
    publicKeyOf(hotkey);
    await this.#submit(
      `unstake ${inTokens(amount)} from ${hotkey} in subnet ${netuid}`,
      coldkey,
      (api) => removeStakeCall(api, netuid, hotkey, amount),
    );
  }

  async stakes(coldkey: string): Promise<Stake[]> {
    publicKeyOf(coldkey);
    return await this.#at((view) => readStakes(view, coldkey));
  }

  async publish(netuid: number, hotkey: KeyringPair, commitment: Uint8Array): Promise<void> {
    await this.#submit(
      `publish ${commitment.byteLength} bytes in subnet ${netuid}`,
      hotkey,
      (api) => setCommitmentCall(api, netuid, commitment),
    );
  }

  setWeights(
    netuid: number,
    hotkey: KeyringPair,
    scores: ReadonlyMap<number, number>,
    commits?: CommitStore,
  ): Promise<WeightsSent> {
    return this.#weightSetter.set(netuid, hotkey, scores, commits);
  }

  revealWeights(hotkey: KeyringPair, commits: CommitStore): Promise<PendingReveal[]> {
    return this.#weightSetter.revealDue(hotkey, commits);
  }

  weights(netuid: number): Promise<Weights> {
    return this.#at((view) => readWeights(view, netuid));
  }

  async close(): Promise<void> {
    this.#parts.onClose();
    await this.#parts.provider.disconnect();
  }

  #subtensor(name: string, ...args: unknown[]): StorageItem {
    return subtensorItem(this.#parts.api, name, ...args);
  }

  #view(block: BlockRef): ChainView {
    return { api: this.#parts.api, request: this.#request, block };
  }

  /** Reads at the newest head, again when that is reorganised away. */
  #at<T>(read: (view: ChainView) => Promise<T>): Promise<T> {
    return this.#parts.heads.read(this.#request, (block) => read(this.#view(block)));
  }

  async #read(item: StorageItem): Promise<any> {
    const [value] = await this.#at((view) => readItems(view, [item]));
    return value;
  }

  async #submit(
    what: string,
    account: KeyringPair,
    build: (api: ApiPromise) => Call,
    options: Spending & { limit?: RateLimit } = {},
  ): Promise<BlockRef> {
    const { api, heads } = this.#parts;
    const sent = this.#submitter.submit(what, account, () => build(api), options);
    const block = await tellingWhen(what, options.limit, (task) => this.#at(task), sent);
    if (block.number > heads.latest.number) heads.see(block);
    return block;
  }
}

const leftNothing = (what: string, found: string, error: string) =>
  chainError("chain/call-failed", `${what}: included, but ${found}`, { error });

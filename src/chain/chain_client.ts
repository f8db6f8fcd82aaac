/**
 * The chain as the rest of Skein sees it. Calls and fields are chosen by the runtime's own metadata. Reads are at one block, the
 * newest seen; a submission returns when its call is in a block, and reads that follow see it. An outage pauses both: reads
 * for a while, submissions for as long as it lasts. Money is in rao, 10⁻⁹ TAO. Every call may fail with `chain/call-failed`,
 * `chain/call-refused`, `chain/timeout`, `chain/disconnected` and `chain/unsupported-runtime`.
 */
import type { AxonAddress } from "./axon.ts";
import type { Metagraph, Weights } from "./metagraph.ts";
import type { OperatorClient } from "./operator/operator_client.ts";
import type { KeyringPair } from "./sr25519.ts";
import type { Stake } from "./stakes.ts";
import type { Hyperparameters, Subnet } from "./subnets.ts";
import type { CommitStore, PendingReveal } from "./weight_commits.ts";
import type { WeightsSent } from "./weight_setter.ts";

export interface ChainClient {
  /** Of all endpoints, in the order of preference, separated by a comma and a space. */
  readonly url: string;
  /** 0x hex */
  readonly genesisHash: string;
  readonly operator: OperatorClient;
  /** Height of the newest head seen; keeps the last value during an outage and never goes back. */
  block(): number;
  /** Height of the newest block seen that is final; never goes back. */
  finalizedBlock(): number;
  /** @returns unsubscribe */
  onBlock(handler: (block: number) => void): () => void;
  /** @throws {SkeinError} `chain/subnet-missing` */
  metagraph(netuid: number): Promise<Metagraph>;
  /** Free balance in rao. */
  balance(ss58: string): Promise<bigint>;
  /** In rao. */
  registrationCost(netuid: number): Promise<bigint>;
  /** @returns the uid */
  isRegistered(netuid: number, hotkey: string): Promise<number | undefined>;
  /** @param amount in rao */
  transfer(from: KeyringPair, to: string, amount: bigint): Promise<void>;
  subnets(): Promise<Subnet[]>;
  /** @throws {SkeinError} `chain/subnet-missing` */
  subnet(netuid: number): Promise<Subnet>;
  /** @throws {SkeinError} `chain/subnet-missing` */
  hyperparameters(netuid: number): Promise<Hyperparameters>;
  /** What creating a subnet locks now, in rao. */
  subnetCost(): Promise<bigint>;
  /**
   * Locks the present cost. @param limit in rao: not above it
   * @returns the new netuid @throws {SkeinError} `chain/too-expensive`
   */
  createSubnet(coldkey: KeyringPair, hotkey: string, options?: { limit?: bigint }): Promise<number>;
  /** Starts the emission of a subnet; its owner's call. */
  startSubnet(netuid: number, coldkey: KeyringPair): Promise<void>;
  /**
   * Pays the present cost. @param options.limit in rao: not above it
   * @returns the uid, also of a hotkey that was registered before @throws {SkeinError} `chain/too-expensive`
   */
  register(
    netuid: number,
    coldkey: KeyringPair,
    hotkey: string,
    options?: { limit?: bigint },
  ): Promise<number>;
  /** @throws {SkeinError} `chain/bad-address` */
  serveAxon(netuid: number, hotkey: KeyringPair, axon: AxonAddress): Promise<void>;
  publish(netuid: number, hotkey: KeyringPair, commitment: Uint8Array): Promise<void>;
  /** @param amount in rao */
  addStake(netuid: number, coldkey: KeyringPair, hotkey: string, amount: bigint): Promise<void>;
  /** @param amount of the subnet's token, in its 10⁻⁹ */
  removeStake(netuid: number, coldkey: KeyringPair, hotkey: string, amount: bigint): Promise<void>;
  /** What a coldkey has staked, on whom and where. @throws {SkeinError} `chain/unsupported-runtime` */
  stakes(coldkey: string): Promise<Stake[]>;
  /**
   * Plainly, timelocked or by hash, as the subnet demands and the runtime can. @param scores uid → score at any scale
   * @param commits keeps what a commit by hash needs for its reveal; without it such a subnet is refused
   * @throws {SkeinError} `chain/bad-weights`, `chain/not-registered`, `chain/no-permit`, `chain/too-soon`
   */
  setWeights(
    netuid: number,
    hotkey: KeyringPair,
    scores: ReadonlyMap<number, number>,
    commits?: CommitStore,
  ): Promise<WeightsSent>;
  /** Reveals those of the store's commits that are due, to be asked in each epoch. @returns the revealed */
  revealWeights(hotkey: KeyringPair, commits: CommitStore): Promise<PendingReveal[]>;
  weights(netuid: number): Promise<Weights>;
  close(): Promise<void>;
}

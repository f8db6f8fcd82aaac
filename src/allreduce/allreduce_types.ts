/** What an all-reduce is made of, what a round of it takes, and what can be observed of those of others. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Signer, Transport, VerifySignature } from "../base/transport.ts";
import type { ChunkReducer, Codec } from "../codec/codec.ts";
import type { Certificate } from "./certificate.ts";
import type { RoundLock } from "./lock.ts";
import type { Ready } from "./proposal.ts";
import type { ResultSpace } from "./result_space.ts";
import type { RoundKeys } from "./round_keys.ts";
import type { RoundTimeouts } from "./round_types.ts";
import type { WarmUp } from "./step_form.ts";

export interface AllReduceOptions {
  /** 32 bytes hex. */
  readonly runId: string;
  readonly seed: string;
  readonly elementCount: number;
  /** A multiple of 1024; by default what encodes to 128 KiB, and on slow and fast links 64 and 256 (proposal.ts). */
  readonly chunkElements?: number;
  readonly minGroup: number;
  /** Larger groups are grids (grid_plan.ts). By default 64; the same for all of a run. */
  readonly meshMembers?: number;
  /** What a member may claim to have trained: `samples` is `innerSteps` times the first. Defaults 1 and 1000. */
  readonly samplesPerInnerStep?: number;
  readonly maxInnerSteps?: number;
  /** Blocks past the deadline after which a group without a majority of the last one may go on. */
  readonly recoveryBlocks?: number;
  /** Ceilings: what is waited adapts to what was measured (pace.ts). */
  readonly timeouts?: Partial<RoundTimeouts>;
  /** The whole round; then it is aborted and nothing is lost. */
  readonly roundTimeoutMs?: number;
  readonly tickMs?: number;
  readonly requestTimeoutMs?: number;
}

export interface AllReduceDeps {
  readonly transport: Transport;
  readonly signer: Signer;
  /** Of readies, which come again in proposals and certificates: `cachedVerify` where checking is slow. */
  readonly verify: VerifySignature;
  readonly roundKeys: RoundKeys;
  readonly codec: Codec;
  readonly reducer: ChunkReducer;
  /** How the first steps are exchanged, when not by `codec`. */
  readonly warmUp?: WarmUp;
  /** Where results lie; memory by default. */
  readonly resultSpace?: ResultSpace;
  readonly clock: Clock;
  readonly log: Log;
  /** SHA-256 of chunks: the platform's by default; the simulator's keeps virtual time. */
  digest?(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
  /** May this hotkey take part in groups: registered, and a miner. */
  isMember(hotkey: Hotkey): boolean;
  /** As `isMember`, now or not long ago: who took part in a round may have been deregistered since. By default `isMember`. */
  wasMember?(hotkey: Hotkey): boolean;
}

export interface RoundInput {
  /** The step being produced, from anchor `outerStep − 1`. */
  readonly outerStep: number;
  readonly anchorRoot: string;
  /** Pseudo-gradient [elementCount]; borrowed, and left alone by everybody until `run` returns. */
  readonly values: Float32Array;
  readonly samples: number;
  readonly innerSteps: number;
  readonly waypointDigest: string;
  readonly bandwidthBytesPerSec: number;
  /**
   * The group that made the anchor; for the first step the registered miners. Empty waives continuity, and then two
   * halves of a partition may both commit.
   */
  readonly previousMembers: readonly Hotkey[];
  readonly deadlineBlock: number;
  /** Chain height now. */
  block(): number;
  /** Members worth waiting for until the deadline. */
  expected(): readonly Hotkey[];
  /** What `onLock` stored before a crash. */
  readonly lock?: RoundLock;
  /** Stores the lock, synchronously: messages that depend on it leave when this returns. */
  onLock?(lock: RoundLock): void;
}

export type Observation =
  | { readonly kind: "ready"; readonly ready: Ready }
  /** Signatures checked; once for each result. */
  | { readonly kind: "certificate"; readonly certificate: Certificate };

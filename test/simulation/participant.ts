/**
 * What a node does with its `AllReduce`: goes from step to step, contributes its one-hot tensor, applies what was committed,
 * chains its root, and asks its peers for their state when it has fallen behind. What is on `disk` survives a crash.
 */
import type { Clock } from "../../src/base/clock.ts";
import { concatBytes, fromHex, sha256Sync, toHex, utf8 } from "../../src/base/bytes.ts";
import { eventLog, type Log, silentLog } from "../../src/base/log.ts";
import type { Hotkey, Transport } from "../../src/base/transport.ts";
import type { ChunkReducer, Codec } from "../../src/codec/codec.ts";
import {
  AllReduce,
  type Certificate,
  type EncodedChunks,
  type RoundLock,
  type RoundOutcome,
} from "../../src/allreduce/allreduce.ts";
import type { RoundKeys } from "../../src/allreduce/round_keys.ts";
import type { WarmUp } from "../../src/allreduce/step_form.ts";
import { fakeSigner, fakeVerify } from "./fake_signer.ts";
import { rememberedDigest } from "./wire_copy.ts";

export const RUN_ID = "11".repeat(32);
const GENESIS_ROOT = "22".repeat(32);
export const ORDER_SEED = "simulated";
/** From the moment that a node reaches a step to the step's deadline. */
const DEADLINE_BLOCKS = 4;
const PAUSE_MS = 200;
/** A step takes a miner this long before it is ready: without it, one that is alone would commit for ever at one moment. */
const TRAINING_MS = 100;

const ROUND_OPTIONS = {
  minGroup: 1,
  roundTimeoutMs: 30_000,
  tickMs: 250,
  requestTimeoutMs: 3000,
  timeouts: {
    windowChunks: 2,
    leaderTimeoutMs: 2000,
    acceptTimeoutMs: 2000,
    beginTimeoutMs: 3000,
    senderTimeoutMs: 2000,
    reducerTimeoutMs: 5000,
    voteTimeoutMs: 3000,
    suspectMs: 8000,
  },
};

export interface RunState {
  readonly outerStep: number;
  readonly root: string;
  /** The group that made it; before the first step all registered, so that two halves cannot both begin. */
  readonly members: readonly Hotkey[];
  readonly certificate?: Certificate;
}

export interface Disk {
  state: RunState;
  lock: RoundLock | undefined;
  /** When the step after `state` became the next. */
  startBlock: number;
}

export interface ParticipantOptions {
  readonly hotkey: Hotkey;
  readonly elementCount: number;
  readonly recoveryBlocks: number;
  readonly samples: number;
  readonly bandwidthBytesPerSec: number;
  /** [elementCount] */
  readonly values: Float32Array;
  /** A planted bug: continuity by the ballot's members instead of the origin's. */
  readonly isContinuityByProposal?: boolean;
}

export interface ParticipantDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly codec: Codec;
  readonly reducer: ChunkReducer;
  readonly warmUp?: WarmUp;
  readonly disk: Disk;
  readonly roundKeys: RoundKeys;
  isMember(hotkey: Hotkey): boolean;
  block(): number;
  expected(): readonly Hotkey[];
  /** The newest state that a peer in reach would give. */
  download(): RunState | undefined;
  onCommit(certificate: Certificate, root: string, chunks: EncodedChunks): void;
  onEnd(outerStep: number, outcome: RoundOutcome): void;
  onBadCertificate(error: unknown): void;
  /** Its own, or a peer's that passed its checks. */
  onBelieved(certificate: Certificate): void;
  trace?(text: string): void;
}

export const newDisk = (registered: readonly Hotkey[]): Disk => ({
  state: { outerStep: 0, root: GENESIS_ROOT, members: registered },
  lock: undefined,
  startBlock: 0,
});

export class Participant {
  readonly allReduce: AllReduce;
  #options: ParticipantOptions;
  #deps: ParticipantDeps;
  #stop = new AbortController();

  constructor(options: ParticipantOptions, deps: ParticipantDeps) {
    this.#options = options;
    this.#deps = deps;
    this.allReduce = new AllReduce(
      {
        runId: RUN_ID,
        seed: ORDER_SEED,
        elementCount: options.elementCount,
        chunkElements: 1024,
        recoveryBlocks: options.recoveryBlocks,
        ...ROUND_OPTIONS,
      },
      {
        transport: deps.transport,
        signer: fakeSigner(options.hotkey),
        verify: fakeVerify,
        roundKeys: deps.roundKeys,
        codec: deps.codec,
        reducer: deps.reducer,
        warmUp: deps.warmUp,
        clock: deps.clock,
        log: this.#log(),
        digest: rememberedDigest,
        isMember: (hotkey) => deps.isMember(hotkey),
      },
    );
    this.allReduce.observe((seen) => {
      if (seen.kind === "certificate") deps.onBelieved(seen.certificate);
    });
    const { certificate } = deps.disk.state;
    if (certificate) this.allReduce.resume(certificate);
  }

  /** Until `crash`. */
  async live(): Promise<void> {
    const { signal } = this.#stop;
    const { disk, clock } = this.#deps;
    while (!signal.aborted) {
      const outerStep = disk.state.outerStep + 1;
      await clock.sleep(TRAINING_MS);
      if (signal.aborted) return;
      const outcome = await this.allReduce.run(this.#input(outerStep), signal);
      if (signal.aborted) return;
      this.#deps.onEnd(outerStep, outcome);
      if (outcome.kind === "committed") this.#apply(outcome.certificate, outcome.chunks);
      else {
        await clock.sleep(PAUSE_MS);
        if (signal.aborted) return;
        if (outcome.kind === "superseded" || outcome.code === "allreduce/root-mismatch") this.#download();
      }
    }
  }

  crash(): void {
    this.#stop.abort(new Error("crashed"));
    this.allReduce.close();
  }

  #input(outerStep: number): Parameters<AllReduce["run"]>[0] {
    const { hotkey, values, samples, bandwidthBytesPerSec } = this.#options;
    const { disk, block, expected } = this.#deps;
    const { signal } = this.#stop;
    return {
      outerStep,
      anchorRoot: disk.state.root,
      values,
      samples,
      innerSteps: samples,
      waypointDigest: toHex(sha256Sync(utf8(`${hotkey} ${outerStep}`))),
      bandwidthBytesPerSec,
      previousMembers: disk.state.members,
      deadlineBlock: disk.startBlock + DEADLINE_BLOCKS,
      block,
      expected,
      lock: disk.lock,
      onLock: (lock) => {
        if (!signal.aborted) disk.lock = lock;
      },
    };
  }

  #apply(certificate: Certificate, chunks: EncodedChunks): void {
    const { disk, onBadCertificate, onCommit, block } = this.#deps;
    // The chain's own height says whether continuity is waived, not what a leader wrote into its proposal.
    const isRecovery = block() >= disk.startBlock + this.#options.recoveryBlocks;
    try {
      const never = { recoveryBlock: Infinity, block: 0, present: [] };
      const continuity = { previousMembers: disk.state.members, ...never };
      this.allReduce.verify(certificate, isRecovery ? undefined : continuity);
    } catch (error) {
      onBadCertificate(error);
    }
    const root = toHex(sha256Sync(concatBytes(fromHex(disk.state.root), ...chunks)));
    const made = this.#options.isContinuityByProposal ? certificate.proposal : certificate.origin;
    const members = made.members.map((m) => m.hotkey);
    disk.state = { outerStep: certificate.outerStep, root, members, certificate };
    disk.lock = undefined;
    disk.startBlock = block();
    onCommit(certificate, root, chunks);
  }

  #download(): void {
    const { disk, download, block } = this.#deps;
    const state = download();
    if (!state || state.outerStep <= disk.state.outerStep) return;
    disk.state = state;
    disk.lock = undefined;
    disk.startBlock = block();
    if (state.certificate) this.allReduce.resume(state.certificate);
  }

  #log(): Log {
    const { trace } = this.#deps;
    if (!trace) return silentLog;
    const show = (value: unknown) => typeof value === "string" ? value.slice(0, 40) : JSON.stringify(value);
    return eventLog(({ event, ...fields }) =>
      trace(`${event} ${Object.entries(fields).map(([key, value]) => `${key}=${show(value)}`).join(" ")}`)
    );
  }
}

/**
 * The all-reduce of a node: binds the round machine to the network, the codec and the clock. One `AllReduce` for the life
 * of the node, one `run` for each outer step. Between runs it keeps what faster peers say about the next step (intake.ts),
 * and serves the last committed result to whoever fell behind (catch_up.ts). A validator never runs; it observes and
 * fetches.
 */
import { sha256Bulk, toHex } from "../base/bytes.ts";
import type { Hotkey } from "../base/transport.ts";
import { firstNonFinite } from "../codec/float_bits.ts";
import type { AllReduceDeps, AllReduceOptions, Observation, RoundInput } from "./allreduce_types.ts";
import { CatchUp } from "./catch_up.ts";
import { ChunkBuffers } from "./chunk_buffers.ts";
import { type Certificate, type Continuity, verifyCertificate } from "./certificate.ts";
import { refuse } from "./errors.ts";
import { Intake } from "./intake.ts";
import { LiveRound } from "./live_round.ts";
import type { RoundLock } from "./lock.ts";
import { parseHeader } from "./messages.ts";
import { Pace } from "./pace.ts";
import { type Ready, readyPayload } from "./proposal.ts";
import { pullResult } from "./pull.ts";
import { ResultStore, type StoredResult } from "./result.ts";
import { type EncodedChunks, memorySpace } from "./result_space.ts";
import type { RoundOutcome } from "./round_outcome.ts";
import type { RoundTimeouts } from "./round_types.ts";
import { type StepForm, stepForms } from "./step_form.ts";
import { Suspicions } from "./suspicions.ts";
import { WiderGroup } from "./wider_group.ts";

export type { AllReduceDeps, AllReduceOptions, Observation, RoundInput } from "./allreduce_types.ts";
export type { Certificate, Continuity } from "./certificate.ts";
export type { RoundLock } from "./lock.ts";
export type { Proposal, Ready } from "./proposal.ts";
export type { RoundOutcome, RoundStats } from "./round_outcome.ts";
export { mayGoOn, verifyCertificate } from "./certificate.ts";
export { certificateFromPlain, plainCertificate } from "./messages.ts";
export { CHUNK_BYTES, decodeResult, decodeResultInto } from "./result.ts";
export { ChunksInMemory } from "./result_space.ts";
export type { EncodedChunks, ResultSpace } from "./result_space.ts";
export { cachedVerify } from "./signature_cache.ts";

export const DEFAULT_TIMEOUTS: RoundTimeouts = {
  windowChunks: 96,
  leaderTimeoutMs: 5000,
  acceptTimeoutMs: 10_000,
  beginTimeoutMs: 15_000,
  senderTimeoutMs: 20_000,
  reducerTimeoutMs: 45_000,
  voteTimeoutMs: 20_000,
  suspectMs: 30_000,
};
/** Most of what a reducer holds at a time (reduction.ts). */
const MAX_FREE_BUFFER_BYTES = 8 * 1024 * 1024;
/** Chunks asked for at a time from members that hold a result. */
const PULL_CONCURRENCY = 8;

export class AllReduce {
  #options: Required<Omit<AllReduceOptions, "meshMembers" | "chunkElements">>;
  #timeouts: RoundTimeouts;
  #formOf: (outerStep: number) => StepForm;
  #deps: Required<Omit<AllReduceDeps, "codec" | "reducer" | "warmUp">>;
  #catchUp: CatchUp;
  #intake: Intake;
  #suspicions = new Suspicions();
  #widerGroup = new WiderGroup();
  #pace: Pace;
  #store = new ResultStore();
  #buffers = new ChunkBuffers(MAX_FREE_BUFFER_BYTES);
  #round: LiveRound | undefined;
  #lock: RoundLock | undefined;

  constructor(options: AllReduceOptions, deps: AllReduceDeps) {
    this.#options = {
      recoveryBlocks: 30,
      samplesPerInnerStep: 1,
      maxInnerSteps: 1000,
      timeouts: {},
      roundTimeoutMs: 600_000,
      tickMs: 100,
      requestTimeoutMs: 30_000,
      ...options,
    };
    this.#timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    const { runId, seed, elementCount, minGroup, samplesPerInnerStep, maxInnerSteps } = this.#options;
    const { meshMembers, chunkElements } = options;
    this.#formOf = stepForms({
      runId,
      seed,
      elementCount,
      minGroup,
      samplesPerInnerStep,
      maxInnerSteps,
      ...(chunkElements === undefined ? {} : { chunkElements }),
      ...(meshMembers === undefined ? {} : { meshMembers }),
    }, deps);
    this.#pace = new Pace(this.#timeouts);
    const isMember = (hotkey: Hotkey) => deps.isMember(hotkey);
    const wasMember = (hotkey: Hotkey) => deps.wasMember?.(hotkey) ?? isMember(hotkey);
    const digest = deps.digest ?? sha256Bulk;
    const resultSpace = deps.resultSpace ?? memorySpace;
    this.#deps = { ...deps, digest, isMember, wasMember, resultSpace };
    this.#catchUp = new CatchUp(this.#deps);
    this.#intake = new Intake(runId, {
      ...this.#deps,
      store: this.#store,
      buffers: this.#buffers,
      catchUp: this.#catchUp,
      checkCertificate: (certificate) => this.verify(certificate),
    });
  }

  /** The last certificate of a round that this node finished, or that it resumed from. */
  get committed(): Certificate | undefined {
    return this.#catchUp.committed;
  }

  /**
   * After a restart or a download: the certificate of the state that this node now holds, which may be an earlier one than
   * it held before. Peers that missed it hear of it from here; without that, one that crashed as the only holder of a certificate would leave the others behind.
   */
  resume(certificate: Certificate): void {
    const { outerStep, resultDigest } = this.committed ?? {};
    if (outerStep !== certificate.outerStep || resultDigest !== certificate.resultDigest) {
      this.#keep(certificate);
    }
  }

  /**
   * Takes part in one round. Every operating failure is an outcome; `signal` aborts it.
   * A round that was aborted may be run again: its lock is kept.
   */
  async run(input: RoundInput, signal: AbortSignal): Promise<RoundOutcome> {
    if (this.#round) {
      throw refuse("allreduce/busy", `run step ${input.outerStep}: a round is running, one is allowed`);
    }
    const bad = firstNonFinite(input.values);
    if (bad >= 0) {
      const reason =
        `join step ${input.outerStep}: element ${bad} of the pseudo-gradient is ${input.values[bad]}, ` +
        `finite values are required`;
      return { kind: "aborted", code: "allreduce/non-finite", reason };
    }
    const lock = this.#lock?.outerStep === input.outerStep ? this.#lock : input.lock;
    this.#widerGroup.moveTo(input.previousMembers);
    const roundSigner = this.#deps.roundKeys.create();
    const form = this.#formOf(input.outerStep);
    const round = new LiveRound(
      {
        shape: form.shape,
        sizes: {
          contribution: (elements) => form.codec.encodedBytes(elements),
          result: (elements) => form.codec.result.encodedBytes(elements),
        },
        ready: this.#sign(input, roundSigner.publicKey),
        previousMembers: input.previousMembers,
        widerGroup: this.#widerGroup.members,
        deadlineBlock: input.deadlineBlock,
        recoveryBlocks: this.#options.recoveryBlocks,
        live: this.#deps.transport.connected().filter((h) => this.#deps.isMember(h)),
        lock,
        held: this.#store.heldAt(input.outerStep),
      },
      { tickMs: this.#options.tickMs, roundTimeoutMs: this.#options.roundTimeoutMs },
      input,
      {
        ...this.#deps,
        codec: form.codec,
        reducer: form.reducer,
        roundSigner,
        store: this.#store,
        space: this.#deps.resultSpace,
        buffers: this.#buffers,
        suspicions: this.#suspicions,
        pace: this.#pace,
        pull: (want, pullSignal) => this.#pull(want, pullSignal),
        onLock: (next) => {
          this.#lock = next;
          input.onLock?.(next);
        },
      },
    );
    this.#round = round;
    this.#intake.attach(round);
    try {
      const early = this.#intake.early(input.outerStep);
      const outcome = await round.run(early, signal);
      if (outcome.kind === "committed") this.#keep(outcome.certificate);
      return outcome;
    } finally {
      this.#round = undefined;
      this.#intake.attach(undefined);
    }
  }

  /** Readies and certificates as they arrive, whether this node takes part or not. @returns unsubscribe */
  observe(handler: (observation: Observation) => void): () => void {
    return this.#intake.observe(handler);
  }

  /**
   * The encoded result chunks of a certificate, pulled from those who voted for it; and from then on served here too. They can
   * be read until a later step is committed or fetched.
   * @throws {SkeinError} `allreduce/pull-failed`
   */
  async fetch(certificate: Certificate, signal: AbortSignal): Promise<EncodedChunks> {
    const sources = certificate.votes.map((v) => v.hotkey).filter((h) => h !== this.#deps.transport.self);
    const held = this.#store.get(certificate.resultDigest);
    if (held) return held.chunks;
    const result = await this.#pull({ ...certificate, sources }, signal);
    this.#store.put(result);
    this.#store.keepOnly(certificate.outerStep, certificate.resultDigest);
    return result.chunks;
  }

  /**
   * The certificate's own signatures, and with `continuity` whether it may lead on from that state.
   * @throws {SkeinError} `allreduce/bad-certificate`, `allreduce/bad-proposal`
   */
  verify(certificate: Certificate, continuity?: Continuity): void {
    verifyCertificate(certificate, this.#formOf(certificate.outerStep).shape, this.#deps, continuity);
  }

  close(): void {
    this.#intake.close();
  }

  #sign(input: RoundInput, roundKey: string): Ready {
    const terms = {
      runId: this.#options.runId,
      outerStep: input.outerStep,
      anchorRoot: input.anchorRoot,
      codec: this.#formOf(input.outerStep).shape.codec,
    };
    const offer = {
      hotkey: this.#deps.signer.hotkey,
      innerSteps: input.innerSteps,
      samples: input.samples,
      bandwidthBytesPerSec: Math.floor(input.bandwidthBytesPerSec),
      waypointDigest: input.waypointDigest,
      block: input.block(),
      roundKey,
    };
    const signature = toHex(this.#deps.signer.sign(readyPayload(terms, offer)));
    return parseHeader("ready", { ...terms, ...offer, signature });
  }

  async #pull(
    want: Parameters<typeof pullResult>[0],
    signal: AbortSignal,
  ): Promise<StoredResult> {
    const connected = new Set(this.#deps.transport.connected());
    const options = {
      requestTimeoutMs: this.#options.requestTimeoutMs,
      concurrency: PULL_CONCURRENCY,
    };
    const sources = want.sources.filter((h) => connected.has(h));
    const { codec } = this.#formOf(want.origin.outerStep);
    const deps = { ...this.#deps, codec, space: this.#deps.resultSpace };
    return await pullResult({ ...want, sources }, options, deps, signal);
  }

  #keep(certificate: Certificate): void {
    this.#store.keepOnly(certificate.outerStep, certificate.resultDigest);
    this.#lock = undefined;
    this.#catchUp.keep(certificate);
    this.#intake.reached(certificate);
  }
}

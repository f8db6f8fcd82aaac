/**
 * The all-reduce of a node: binds the round machine to the network, the codec and the clock. One `AllReduce` for the life
 * of the node, one `run` for each outer step. Between runs it keeps what faster peers say about the next step, and
 * serves the last committed result to whoever fell behind. A validator never runs; it observes and fetches.
 */
import { fromHex, sha256Bulk, toHex } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Message, Signer, Transport, VerifySignature } from "../base/transport.ts";
import type { ChunkReducer, Codec } from "../codec/codec.ts";
import { type Certificate, type Continuity, verifyCertificate } from "./certificate.ts";
import { refuse } from "./errors.ts";
import { Hints } from "./hints.ts";
import { firstNonFinite } from "./finite.ts";
import { Inbox } from "./inbox.ts";
import type { RoundLock } from "./lock.ts";
import {
  certificateMessage,
  type Header,
  type Kind,
  messageType,
  parseCertificate,
  parseHeader,
  unpackMessage,
} from "./messages.ts";
import { certificateAudience, isCaretaker } from "./grid_relay.ts";
import { canSumMeans } from "./grid_transfer.ts";
import {
  MAX_GROUP_MEMBERS,
  MAX_MESH_MEMBERS,
  type Ready,
  readyPayload,
  type RunShape,
  verifyReady,
} from "./proposal.ts";
import { Pace } from "./pace.ts";
import { pullResult } from "./pull.ts";
import { chunkElementsFor, ResultStore, type StoredResult } from "./result.ts";
import { LiveRound } from "./live_round.ts";
import { cachedVerify } from "./signature_cache.ts";
import { Suspicions } from "./suspicions.ts";
import type { RoundOutcome } from "./round_outcome.ts";
import type { RoundTimeouts } from "./round_types.ts";

export type { Certificate, Continuity } from "./certificate.ts";
export type { RoundLock } from "./lock.ts";
export type { Proposal, Ready } from "./proposal.ts";
export type { RoundOutcome, RoundStats } from "./round_outcome.ts";
export { mayGoOn, verifyCertificate } from "./certificate.ts";
export { certificateFromPlain, plainCertificate } from "./messages.ts";
export { decodeResult, decodeResultInto } from "./result.ts";

export interface AllReduceOptions {
  /** 32 bytes hex. */
  readonly runId: string;
  readonly seed: string;
  readonly elementCount: number;
  /** A multiple of 1024; by default what encodes to 128 KiB. */
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
  readonly verify: VerifySignature;
  readonly codec: Codec;
  readonly reducer: ChunkReducer;
  readonly clock: Clock;
  readonly log: Log;
  /** SHA-256 of chunks: the platform's by default; the simulator's keeps virtual time. */
  digest?(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
  /** May this hotkey take part in groups: registered, and a miner. */
  isMember(hotkey: Hotkey): boolean;
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

export const DEFAULT_TIMEOUTS: RoundTimeouts = {
  windowChunks: 48,
  leaderTimeoutMs: 5000,
  acceptTimeoutMs: 10_000,
  beginTimeoutMs: 15_000,
  senderTimeoutMs: 20_000,
  reducerTimeoutMs: 45_000,
  voteTimeoutMs: 20_000,
  suspectMs: 30_000,
};
/** Small enough that the first comes back soon and a lossy connection carries one in half a second. */
export const CHUNK_BYTES = 128 * 1024;
/** Chunks asked for at a time from members that hold a result. */
const PULL_CONCURRENCY = 8;
const ROUND_KINDS = [
  "propose",
  "outline",
  "want",
  "accept",
  "refuse",
  "begin",
  "vote",
  "commit",
  "seals",
  "complaint",
] as const;
/** A peer that is behind hears of our certificate at most so often. */
const CATCH_UP_INTERVAL_MS = 1000;

export class AllReduce {
  #options: Required<Omit<AllReduceOptions, "meshMembers">>;
  #timeouts: RoundTimeouts;
  #shape: RunShape;
  #deps: AllReduceDeps;
  #digest: (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;
  #inbox = new Inbox();
  #hints = new Hints();
  #suspicions = new Suspicions();
  #pace: Pace;
  #store = new ResultStore();
  #round: LiveRound | undefined;
  #committed: Certificate | undefined;
  #lock: RoundLock | undefined;
  #observers = new Set<(observation: Observation) => void>();
  #seenResults: string[] = [];
  #caughtUpMs = new Map<Hotkey, number>();
  #unsubscribe: (() => void)[] = [];

  constructor(options: AllReduceOptions, deps: AllReduceDeps) {
    this.#options = {
      chunkElements: options.chunkElements ?? chunkElementsFor(deps.codec, CHUNK_BYTES),
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
    const { runId, seed, elementCount, chunkElements, minGroup, samplesPerInnerStep, maxInnerSteps } =
      this.#options;
    const claims = { samplesPerInnerStep, maxInnerSteps };
    this.#shape = {
      runId,
      seed,
      elementCount,
      chunkElements,
      minGroup,
      codec: deps.codec.name,
      maxGroup: canSumMeans(deps.codec) ? MAX_GROUP_MEMBERS : MAX_MESH_MEMBERS,
      ...(options.meshMembers === undefined ? {} : { meshMembers: options.meshMembers }),
      ...claims,
    };
    this.#pace = new Pace(this.#timeouts);
    this.#deps = { ...deps, isMember: (hotkey) => deps.isMember(hotkey), verify: cachedVerify(deps.verify) };
    this.#digest = deps.digest ?? sha256Bulk;
    this.#listen();
  }

  /** The last certificate of a round that this node finished, or that it resumed from. */
  get committed(): Certificate | undefined {
    return this.#committed;
  }

  /**
   * After a restart or a download: the certificate of the state that this node now holds, which may be an earlier one than
   * it held before. Peers that missed it hear of it from here; without that, one that crashed as the only holder of a certificate would leave the others behind.
   */
  resume(certificate: Certificate): void {
    const { outerStep, resultDigest } = this.#committed ?? {};
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
    const round = new LiveRound(
      {
        shape: this.#shape,
        ready: this.#sign(input),
        previousMembers: input.previousMembers,
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
        isMember: (hotkey) => this.#deps.isMember(hotkey),
        digest: this.#digest,
        store: this.#store,
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
    try {
      const early = this.#inbox.take(input.outerStep);
      const outcome = await round.run(early, signal);
      if (outcome.kind === "committed") this.#keep(outcome.certificate);
      return outcome;
    } finally {
      this.#round = undefined;
    }
  }

  /** Readies and certificates as they arrive, whether this node takes part or not. @returns unsubscribe */
  observe(handler: (observation: Observation) => void): () => void {
    this.#observers.add(handler);
    return () => this.#observers.delete(handler);
  }

  /**
   * The encoded result chunks of a certificate, pulled from those who voted for it; and from then on served here too.
   * @throws {SkeinError} `allreduce/pull-failed`
   */
  async fetch(certificate: Certificate, signal: AbortSignal): Promise<readonly Uint8Array[]> {
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
    const deps = { verify: this.#deps.verify, isMember: (h: Hotkey) => this.#deps.isMember(h) };
    verifyCertificate(certificate, this.#shape, deps, continuity);
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }

  #sign(input: RoundInput): Ready {
    const terms = {
      runId: this.#shape.runId,
      outerStep: input.outerStep,
      anchorRoot: input.anchorRoot,
      codec: this.#shape.codec,
    };
    const offer = {
      hotkey: this.#deps.signer.hotkey,
      innerSteps: input.innerSteps,
      samples: input.samples,
      bandwidthBytesPerSec: Math.floor(input.bandwidthBytesPerSec),
      waypointDigest: input.waypointDigest,
      block: input.block(),
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
    return await pullResult({ ...want, sources }, options, { ...this.#deps, digest: this.#digest }, signal);
  }

  #keep(certificate: Certificate): void {
    this.#committed = certificate;
    this.#hints.reached(certificate.outerStep);
    this.#store.keepOnly(certificate.outerStep, certificate.resultDigest);
    this.#lock = undefined;
    const message = certificateMessage(certificate);
    const { transport, clock } = this.#deps;
    const audience = certificateAudience(certificate, transport.self, transport.connected(), clock.nowMs());
    for (const peer of audience) this.#sendQuietly(peer, message);
    this.#notifyCertificate(certificate);
  }

  #listen(): void {
    const { transport } = this.#deps;
    const on = (kind: Kind, handler: (from: Hotkey, message: Message) => void | Promise<void>) =>
      this.#unsubscribe.push(transport.onMessage(messageType(kind), async (from, message) => {
        if (!this.#deps.isMember(from)) {
          throw refuse(
            "allreduce/not-a-member",
            `read a ${kind} of ${from}: it may not take part, register first`,
          );
        }
        await handler(from, message);
      }));
    on("ready", (from, message) => this.#onReady(from, parseHeader("ready", message.header)));
    // Anybody may pass a certificate on: it proves itself.
    this.#unsubscribe.push(
      transport.onMessage(
        messageType("certificate"),
        (from, message) => {
          // Most come when we have committed ourselves: these are not worth the parsing.
          const { outerStep } = message.header;
          if (typeof outerStep === "number" && outerStep <= (this.#committed?.outerStep ?? -1)) return;
          this.#onCertificate(from, parseCertificate(message));
        },
      ),
    );
    for (const kind of ROUND_KINDS) on(kind, (from, message) => this.#onRoundMessage(kind, from, message));
    on("chunk", async (from, message) => {
      const header = this.#checkRun(parseHeader("chunk", message.header));
      await this.#round?.onChunk(from, header, message.body ?? new Uint8Array(0));
    });
    on("partial", async (from, message) => {
      const header = this.#checkRun(parseHeader("partial", message.header));
      await this.#round?.onPartial(from, header, message.body ?? new Uint8Array(0));
    });
    on("result", async (from, message) => {
      const header = this.#checkRun(parseHeader("result", message.header));
      await this.#round?.onResult(from, header, message.body ?? new Uint8Array(0));
    });
    this.#unsubscribe.push(transport.onRequest(messageType("pull"), (_, message) => this.#onPull(message)));
    this.#unsubscribe.push(transport.onPeer((peer, isUp) => {
      if (isUp && this.#committed && this.#tells(peer, this.#committed)) {
        this.#sendQuietly(peer, certificateMessage(this.#committed));
      }
      if (!isUp) this.#caughtUpMs.delete(peer);
      if (this.#deps.isMember(peer)) this.#round?.onPeer(peer, isUp);
    }));
  }

  #checkRun<H extends { runId: string }>(header: H): H {
    if (header.runId !== this.#shape.runId) {
      throw refuse(
        "allreduce/bad-message",
        `read a message: run ${header.runId}, ${this.#shape.runId} is required`,
      );
    }
    return header;
  }

  #onReady(from: Hotkey, header: Header<"ready">): void {
    this.#checkRun(header);
    if (this.#isBehind(from, header.outerStep)) return;
    if (this.#round?.outerStep === header.outerStep) this.#round.feed({ type: "ready", from, header });
    else if (header.hotkey !== from || !verifyReady(header, this.#deps.verify)) {
      throw refuse(
        "allreduce/bad-signature",
        `read a ready of ${from}: it is not signed by ${from}, its own is required`,
      );
    } else this.#inbox.keep({ type: "ready", from, header });
    for (const observer of this.#observers) observer({ kind: "ready", ready: header });
  }

  #onRoundMessage(kind: (typeof ROUND_KINDS)[number], from: Hotkey, message: Message): void {
    const { header } = unpackMessage(kind, message);
    const terms = "proposal" in header ? header.proposal : header;
    this.#checkRun(terms);
    if (this.#isBehind(from, terms.outerStep)) return;
    if (this.#round?.outerStep === terms.outerStep) {
      this.#round.feed({ type: kind, from, header } as Parameters<LiveRound["feed"]>[0]);
    } else if ("proposal" in header) this.#inbox.keep({ type: "propose", from, header });
    else if ("offers" in header) this.#inbox.keep({ type: "outline", from, header });
  }

  #onCertificate(from: Hotkey, certificate: Certificate): void {
    this.#checkRun(certificate);
    const isOld = this.#committed && certificate.outerStep <= this.#committed.outerStep;
    if (isOld) return;
    const round = this.#round;
    const isFar = certificate.outerStep > (this.#committed?.outerStep ?? 0) + 1;
    const isElsewhere = round?.outerStep === certificate.outerStep &&
      round.anchorRoot !== certificate.proposal.anchorRoot;
    const nowMs = this.#deps.clock.monotonicMs();
    if ((isFar || isElsewhere) && !this.#hints.isWorthALook(from, nowMs)) return;
    this.verify(certificate);
    if (isFar || isElsewhere) this.#hints.followed(from, certificate.outerStep, nowMs);
    if (round && certificate.outerStep >= round.outerStep) round.feed({ type: "certificate", certificate });
    else this.#inbox.keep({ type: "certificate", from, certificate });
    this.#notifyCertificate(certificate);
  }

  #notifyCertificate(certificate: Certificate): void {
    if (this.#seenResults.includes(certificate.resultDigest)) return;
    this.#seenResults = [...this.#seenResults.slice(-15), certificate.resultDigest];
    for (const observer of this.#observers) observer({ kind: "certificate", certificate });
  }

  /** A peer at a step that we have committed: tell it. */
  #isBehind(peer: Hotkey, outerStep: number): boolean {
    const committed = this.#committed;
    if (!committed || outerStep > committed.outerStep) return false;
    const nowMs = this.#deps.clock.monotonicMs();
    const isSoon = nowMs - (this.#caughtUpMs.get(peer) ?? -Infinity) < CATCH_UP_INTERVAL_MS;
    if (!isSoon && this.#tells(peer, committed)) {
      this.#caughtUpMs.set(peer, nowMs);
      this.#sendQuietly(peer, certificateMessage(committed));
    }
    return true;
  }

  #tells(peer: Hotkey, { proposal }: Certificate): boolean {
    return isCaretaker(proposal, this.#deps.transport.self, peer, this.#deps.clock.nowMs());
  }

  async #onPull(message: Message): Promise<Message> {
    const { resultDigest, chunk } = this.#checkRun(parseHeader("pull", message.header));
    const result = this.#store.get(resultDigest);
    const body = chunk < 0 ? result && fromHex(result.chunkDigests) : result?.chunks[chunk];
    if (!body) {
      throw refuse(
        "allreduce/unknown-result",
        `serve chunk ${chunk} of ${resultDigest}: not held, ask another member`,
      );
    }
    return { type: messageType("pull"), header: {}, body };
  }

  #sendQuietly(peer: Hotkey, message: Message): void {
    this.#deps.transport.send(peer, message).catch((error) => {
      if (!isSkeinError(error)) throw error;
      this.#deps.log.debug(`send ${message.type} to ${peer}: ${describeError(error)}`);
    });
  }
}

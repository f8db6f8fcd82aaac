/**
 * What peers send to a node's all-reduce, whether it takes part or not: checked for run, sender and form, shown to the
 * observers, and then given to the running round when it is of its step, kept for the next run (inbox.ts), or answered
 * with the certificate that settled its step (catch_up.ts). Nothing here changes what was committed.
 */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Message, PlaceBody, Transport, VerifySignature } from "../base/transport.ts";
import type { Observation } from "./allreduce_types.ts";
import type { CatchUp } from "./catch_up.ts";
import type { Certificate } from "./certificate.ts";
import type { ChunkBuffers } from "./chunk_buffers.ts";
import { refuse } from "./errors.ts";
import { Hints } from "./hints.ts";
import { type EarlyMessage, Inbox } from "./inbox.ts";
import type { LiveRound } from "./live_round.ts";
import {
  type Header,
  type Kind,
  messageType,
  parseCertificate,
  parseHeader,
  unpackMessage,
} from "./messages.ts";
import { proposalDigest, verifyOffer } from "./proposal.ts";
import { servePull } from "./pull.ts";
import type { ResultStore } from "./result.ts";

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
/** A certificate comes from many peers and is shown once: so many results are remembered. */
const SEEN_RESULTS = 16;

export interface IntakeDeps {
  readonly transport: Transport;
  readonly verify: VerifySignature;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: ResultStore;
  readonly catchUp: CatchUp;
  /** Contributions and results are received into these; whoever has summed or stored them gives them back. */
  readonly buffers: ChunkBuffers;
  isMember(hotkey: Hotkey): boolean;
  /** @throws {SkeinError} `allreduce/bad-certificate`, `allreduce/bad-proposal` */
  checkCertificate(certificate: Certificate): void;
}

export class Intake {
  readonly #runId: string;
  readonly #deps: IntakeDeps;
  readonly #inbox = new Inbox();
  readonly #hints = new Hints();
  readonly #observers = new Set<(observation: Observation) => void>();
  readonly #unsubscribe: (() => void)[] = [];
  #seenResults: string[] = [];
  /** The last that was found right. */
  #proven: Certificate | undefined;
  #round: LiveRound | undefined;

  constructor(runId: string, deps: IntakeDeps) {
    this.#runId = runId;
    this.#deps = deps;
    this.#listen();
  }

  /** From here on what is of this round's step goes to it; without one all is kept. */
  attach(round: LiveRound | undefined): void {
    this.#round = round;
  }

  /** Takes out what came early for this step. */
  early(outerStep: number): EarlyMessage[] {
    return this.#inbox.take(outerStep);
  }

  /** Our own state has come this far. */
  reached(certificate: Certificate): void {
    this.#hints.reached(certificate.outerStep);
    this.#notifyCertificate(certificate);
  }

  /** @returns unsubscribe */
  observe(handler: (observation: Observation) => void): () => void {
    this.#observers.add(handler);
    return () => this.#observers.delete(handler);
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }

  #listen(): void {
    const { transport, store, catchUp, log } = this.#deps;
    this.#on("ready", (from, message) => this.#onReady(from, parseHeader("ready", message.header)));
    for (const kind of ROUND_KINDS) {
      this.#on(kind, (from, message) => this.#onRoundMessage(kind, from, message));
    }
    this.#on(
      "chunk",
      (from, message) => this.#onChunk(from, message),
      (from, header, bodyBytes) => this.#round?.placeChunk(from, header, bodyBytes),
    );
    this.#on("partial", async (from, message) => {
      const header = this.#checkRun(parseHeader("partial", message.header));
      await this.#round?.onPartial(from, header, message.body ?? new Uint8Array(0));
    });
    this.#on(
      "result",
      (from, message) => this.#onResult(from, message),
      (from, header, bodyBytes) => this.#round?.placeResult(from, header, bodyBytes),
    );
    this.#unsubscribe.push(
      // Anybody may pass a certificate on: it proves itself.
      transport.onMessage(messageType("certificate"), (from, message) => {
        // Most come when we have committed ourselves: these are not worth the parsing.
        const { outerStep } = message.header;
        if (typeof outerStep === "number" && catchUp.isSettled(outerStep)) return;
        this.#onCertificate(from, parseCertificate(message));
      }),
      transport.onRequest(
        messageType("pull"),
        async (_, message) => servePull(store, this.#checkRun(parseHeader("pull", message.header)), log),
      ),
      transport.onPeer((peer, isUp) => {
        catchUp.onPeer(peer, isUp);
        if (this.#deps.isMember(peer)) this.#round?.onPeer(peer, isUp);
      }),
    );
  }

  /** Of members only. */
  #on(
    kind: Kind,
    handler: (from: Hotkey, message: Message) => void | Promise<void>,
    place?: PlaceBody,
  ): void {
    this.#unsubscribe.push(this.#deps.transport.onMessage(messageType(kind), async (from, message) => {
      if (!this.#deps.isMember(from)) {
        throw refuse(
          "allreduce/not-a-member",
          `read a ${kind} of ${from}: it may not take part, register first`,
        );
      }
      await handler(from, message);
    }, place));
  }

  async #onChunk(from: Hotkey, { header, body = new Uint8Array(0) }: Message): Promise<void> {
    const isKept = await this.#round?.onChunk(from, this.#checkRun(parseHeader("chunk", header)), body);
    // After an error nobody knows who holds it: it is left to the collector.
    if (!isKept) this.#deps.buffers.give(body);
  }

  async #onResult(from: Hotkey, { header, body = new Uint8Array(0) }: Message): Promise<void> {
    const isKept = await this.#round?.onResult(from, this.#checkRun(parseHeader("result", header)), body);
    if (!isKept) this.#deps.buffers.give(body);
  }

  #checkRun<H extends { runId: string }>(header: H): H {
    if (header.runId !== this.#runId) {
      throw refuse(
        "allreduce/bad-message",
        `read a message: run ${header.runId}, ${this.#runId} is required`,
      );
    }
    return header;
  }

  #onReady(from: Hotkey, header: Header<"ready">): void {
    this.#checkRun(header);
    if (this.#deps.catchUp.isBehind(from, header.outerStep)) return;
    if (this.#round?.outerStep === header.outerStep) this.#round.feed({ type: "ready", from, header });
    else if (header.hotkey !== from || !verifyOffer(header, header, this.#deps.verify)) {
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
    if (this.#deps.catchUp.isBehind(from, terms.outerStep)) return;
    if (this.#round?.outerStep === terms.outerStep) {
      this.#round.feed({ type: kind, from, header } as Parameters<LiveRound["feed"]>[0]);
    } else if ("proposal" in header) this.#inbox.keep({ type: "propose", from, header });
    else if ("offers" in header) this.#inbox.keep({ type: "outline", from, header });
  }

  #onCertificate(from: Hotkey, certificate: Certificate): void {
    this.#checkRun(certificate);
    const { catchUp, clock } = this.#deps;
    if (catchUp.isSettled(certificate.outerStep)) return;
    const round = this.#round;
    const isFar = certificate.outerStep > (catchUp.committed?.outerStep ?? 0) + 1;
    const isElsewhere = round?.outerStep === certificate.outerStep &&
      round.anchorRoot !== certificate.proposal.anchorRoot;
    const nowMs = clock.monotonicMs();
    if ((isFar || isElsewhere) && !this.#hints.isWorthALook(from, nowMs)) return;
    const proven = this.#prove(certificate);
    if (isFar || isElsewhere) this.#hints.followed(from, certificate.outerStep, nowMs);
    if (round && certificate.outerStep >= round.outerStep) {
      round.feed({ type: "certificate", certificate: proven });
    } else this.#inbox.keep({ type: "certificate", from, certificate: proven });
    this.#notifyCertificate(proven);
  }

  /**
   * Whoever is last to commit hears of it from all the others, and checks it once.
   * @returns a certificate of the same result by the same ballot, with votes that are right
   * @throws {SkeinError} `allreduce/bad-certificate`, `allreduce/bad-proposal`
   */
  #prove(certificate: Certificate): Certificate {
    const known = this.#proven;
    const isKnown = known?.resultDigest === certificate.resultDigest &&
      proposalDigest(known.proposal) === proposalDigest(certificate.proposal);
    if (isKnown) return known;
    this.#deps.checkCertificate(certificate);
    return this.#proven = certificate;
  }

  #notifyCertificate(certificate: Certificate): void {
    if (this.#seenResults.includes(certificate.resultDigest)) return;
    this.#seenResults = [...this.#seenResults.slice(1 - SEEN_RESULTS), certificate.resultDigest];
    for (const observer of this.#observers) observer({ kind: "certificate", certificate });
  }
}

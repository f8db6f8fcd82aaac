/**
 * What a hostile member knows, and what it can make of that with its own keys and those of its accomplices: it signs what it
 * likes as itself, and passes on what others have signed, but cannot sign for them. It may say that a key of its own is theirs.
 */
import { sha256Sync, toHex, utf8 } from "../../src/base/bytes.ts";
import type { Random } from "../../src/base/random.ts";
import type { Hotkey, Message } from "../../src/base/transport.ts";
import { type Certificate, resultDigestFrom, resultDigestOf } from "../../src/allreduce/certificate.ts";
import { acceptPayload, type Lock, summaryOf } from "../../src/allreduce/lock.ts";
import { certificateMessage, type Header, type Kind, unpackMessage } from "../../src/allreduce/messages.ts";
import { orderCandidates } from "../../src/allreduce/order.ts";
import {
  planOf,
  type Proposal,
  proposalDigest,
  proposePayload,
  type Ready,
  readyPayload,
} from "../../src/allreduce/proposal.ts";
import { sealPayload, spanDigestOf } from "../../src/allreduce/seals.ts";
import { votePayload, type VotePhase } from "../../src/allreduce/votes.ts";
import { fakeRoundSigner, fakeSigner } from "./fake_signer.ts";
import { ORDER_SEED } from "./participant.ts";

/** Attempts. */
const MAX_REMEMBERED = 8;

export const kindOf = (message: Message): string => message.type.split("/")[1];
/** Long headers travel packed; a liar wants them open. */
export function openMessage(message: Message): Message {
  if (message.header.packedBytes === undefined) return message;
  const { header, tail } = unpackMessage(kindOf(message) as Kind, message);
  return { type: message.type, header, body: tail };
}

const signReady = (hotkey: Hotkey, payload: Uint8Array): string => toHex(fakeSigner(hotkey).sign(payload));
const signWith = (roundKey: string, payload: Uint8Array): string =>
  toHex(fakeRoundSigner(roundKey).sign(payload));

export class Forger {
  readonly self: Hotkey;
  readonly random: Random;
  readonly accomplices: readonly Hotkey[];
  lastReady: Ready | undefined;
  lastProposal: Proposal | undefined;
  /** Of its honest half. */
  #lastRoundKey = "00".repeat(32);
  #proposals = new Map<string, Proposal>();
  /** Proposal digest → chunk → digest of its result, as this member knows it and as it tells the others. */
  #results = new Map<string, Map<number, { known: string; told: string }>>();

  constructor(self: Hotkey, accomplices: readonly Hotkey[], random: Random) {
    this.self = self;
    this.accomplices = accomplices;
    this.random = random;
  }

  isOneIn = (count: number): boolean => this.random.nextBelow(count) === 0;
  digest = (): string => toHex(sha256Sync(utf8(`invented ${this.random.nextU32()}`)));

  /** Sees what comes in and what goes out. */
  see(message: Message): void {
    const kind = kindOf(message);
    if (kind === "ready") {
      const ready = message.header as unknown as Ready;
      if (ready.hotkey === this.self) this.#lastRoundKey = ready.roundKey;
      if (ready.outerStep >= (this.lastReady?.outerStep ?? 0)) this.lastReady = ready;
    } else if (kind === "propose") {
      const proposal = message.header.proposal as Proposal;
      if (!proposal?.members) return;
      this.lastProposal = proposal;
      this.#proposals.set(proposalDigest(proposal), proposal);
      if (this.#proposals.size > MAX_REMEMBERED) this.#proposals.delete(this.#proposals.keys().next().value!);
    } else if (kind === "result") {
      const { proposalDigest: of, chunk, digest } = message.header as unknown as Header<"result">;
      const results = this.resultsOf(of);
      if (!results.has(chunk)) results.set(chunk, { known: digest, told: digest });
    }
  }

  resultsOf(proposal: string) {
    let results = this.#results.get(proposal);
    if (!results) this.#results.set(proposal, results = new Map());
    if (this.#results.size > MAX_REMEMBERED) this.#results.delete(this.#results.keys().next().value!);
    return results;
  }

  /** What somebody that was told other results would have to vote for. */
  toldResultDigest(proposal: string): string {
    const results = [...this.resultsOf(proposal)].sort((a, b) => a[0] - b[0]);
    return resultDigestOf(proposal, results.map(([, { told }]) => told).join(""));
  }

  ready(ready: Ready, changes: Partial<Ready>): Ready {
    const changed = { ...ready, ...changes };
    return { ...changed, signature: signReady(this.self, readyPayload(changed, changed)) };
  }

  proposal(proposal: Proposal): Header<"propose"> {
    const signature = signWith(this.#roundKeyIn(proposal), proposePayload(proposalDigest(proposal)));
    return { proposal, signature } as Header<"propose">;
  }

  vote(phase: VotePhase, vote: Header<"vote">, resultDigest: string): Header<"vote"> {
    const changed = { ...vote, resultDigest };
    const roundKey = this.#roundKeyIn(this.#proposals.get(vote.proposalDigest));
    return { ...changed, signature: signWith(roundKey, votePayload(phase, changed)) };
  }

  /** Over what the other half was told of this member's own span, if that is all of it. */
  seal(proposal: string): string | null {
    const plan = this.#proposals.get(proposal);
    if (!plan) return null;
    const at = plan.members.findIndex((m) => m.hotkey === this.self);
    const { firstChunk, chunkCount } = planOf(plan).spans[at];
    const results = this.resultsOf(proposal);
    const told = Array.from({ length: chunkCount }, (_, i) => results.get(firstChunk + i)?.told);
    if (told.includes(undefined)) return null;
    return signWith(this.#roundKeyIn(plan), sealPayload(proposal, spanDigestOf(told as string[])));
  }

  accept(accept: Header<"accept">, full: Lock | null, holds: readonly string[]): Header<"accept"> {
    const changed = { ...accept, full, lock: full && summaryOf(full), holds };
    const roundKey = this.#roundKeyIn(this.#proposals.get(accept.proposalDigest));
    const signature = signWith(roundKey, acceptPayload(accept, changed));
    return { ...changed, signature } as unknown as Header<"accept">;
  }

  /** The key that the proposal's offer of this member names. */
  #roundKeyIn(proposal: Proposal | undefined): string {
    return proposal?.members.find((m) => m.hotkey === this.self)?.roundKey ?? this.#lastRoundKey;
  }

  /**
   * A lock on a result that nobody has, under a proposal that nobody made. Its own and its accomplices' votes are
   * genuine; the others' are not, or are left out, or are by keys that their forged offers name.
   */
  inventLock(attempt: number): Lock | null {
    if (!this.lastProposal) return null;
    const { members: all } = this.lastProposal;
    const few = all.filter((m) => m.hotkey === this.self || this.accomplices.includes(m.hotkey));
    if (few.length === 0) return null;
    const isFew = (hotkey: Hotkey) => few.some((m) => m.hotkey === hotkey);
    const isForged = this.isOneIn(3);
    const forged = all.map((m) => isFew(m.hotkey) ? m : { ...m, roundKey: this.#lastRoundKey });
    const members = isForged ? forged : this.isOneIn(2) ? all : few;
    const proposal = { ...this.lastProposal, attempt, leader: few[0].hotkey, members };
    const contentDigest = this.digest();
    const resultDigest = resultDigestFrom(proposalDigest(proposal), contentDigest);
    const payload = votePayload("vote", {
      ...proposal,
      proposalDigest: proposalDigest(proposal),
      resultDigest,
    });
    const voters = isForged || this.isOneIn(2) ? members : few;
    const votes = voters.map(({ hotkey, roundKey }) => ({
      hotkey,
      signature: isForged || isFew(hotkey) ? signWith(roundKey, payload) : "00".repeat(64),
    }));
    return { attempt, proposal, origin: proposal, resultDigest, contentDigest, votes };
  }

  /** A certificate that this member and its accomplices sign alone, or for others whose offers they forge. */
  certificate(outerStep: number, block: number): Message | undefined {
    const base = this.lastProposal;
    const terms = this.lastReady;
    if (!base || !terms) return undefined;
    const { runId, anchorRoot, codec } = terms;
    const own = [this.self, ...this.accomplices];
    const others = this.isOneIn(2) ? base.members.filter(({ hotkey }) => !own.includes(hotkey)) : [];
    const roundKey = this.#lastRoundKey;
    const all = [...own, ...others.map(({ hotkey }) => hotkey)];
    const members = orderCandidates(ORDER_SEED, outerStep, all).map((hotkey) => {
      const other = others.find((offer) => offer.hotkey === hotkey);
      if (other) return { ...other, roundKey };
      const offer = {
        hotkey,
        innerSteps: 1,
        samples: 1,
        bandwidthBytesPerSec: 1,
        waypointDigest: runId,
        block,
        roundKey,
      };
      const round = { runId, outerStep, anchorRoot, codec };
      return { ...offer, signature: signReady(hotkey, readyPayload(round, offer)) };
    });
    const attempt = this.random.nextBelow(3);
    const proposal: Proposal = {
      ...base,
      runId,
      outerStep,
      anchorRoot,
      codec,
      attempt,
      leader: this.self,
      block,
      members,
    };
    const digest = proposalDigest(proposal);
    const chunkDigests = planOf(proposal).chunks.map(() => this.digest()).join("");
    const resultDigest = resultDigestOf(digest, chunkDigests);
    const payload = votePayload("commit", {
      runId,
      outerStep,
      attempt,
      proposalDigest: digest,
      resultDigest,
    });
    const certificate: Certificate = {
      runId,
      outerStep,
      attempt,
      proposal,
      origin: proposal,
      resultDigest,
      chunkDigests,
      votes: members.map(({ hotkey }) => ({ hotkey, signature: signWith(roundKey, payload) })),
    };
    return certificateMessage(certificate);
  }
}

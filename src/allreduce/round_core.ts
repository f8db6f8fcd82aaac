/**
 * What all phases of a round share: the state that outlives an attempt, the attempt that is going on, and the actions not
 * yet handed out. The phases decide; here are only the primitives with which they do.
 *
 * Invariants: actions leave in the order in which they were taken; the lock changes by `setLock` only, whose action stands
 * before every message that depends on it; `promised` never falls; an attempt that ends is forgotten with its chunks.
 */
import { assert } from "../base/assert.ts";
import { toHex } from "../base/bytes.ts";
import type { Hotkey, VerifySignature } from "../base/transport.ts";
import type { Attempt, OwnVote } from "./attempt.ts";
import { Candidates, groupObjection } from "./candidates.ts";
import type { Continuity } from "./certificate.ts";
import { MAX_HOLDS, type RoundLock } from "./lock.ts";
import type { Pace } from "./pace.ts";
import { membersOf, type Proposal, proposalDigest } from "./proposal.ts";
import { isSignedIn, type RoundKeyCheck, type RoundSigner } from "./round_keys.ts";
import type { RoundAction, RoundEnd, RoundMachineOptions } from "./round_types.ts";
import type { Suspicions } from "./suspicions.ts";
import { VoteBox, type VoteTerms } from "./votes.ts";

export interface RoundMachineDeps {
  /** Of the key that our ready names. */
  readonly roundSigner: RoundSigner;
  readonly roundKeys: RoundKeyCheck;
  /** Of hotkeys: of readies only. */
  readonly verify: VerifySignature;
  /** These outlive the round. */
  readonly suspicions: Suspicions;
  readonly pace: Pace;
  isMember(hotkey: Hotkey): boolean;
  /** As `Transport.isLossy`. */
  isLossy?(hotkey: Hotkey): boolean;
  /** As `isMember`, now or not long ago: of groups that others have signed. */
  wasMember(hotkey: Hotkey): boolean;
}

/** Attempts may be skipped, but not so far that the numbers run out. */
const MAX_ATTEMPT_SKIP = 64;

export class RoundCore {
  readonly options: RoundMachineOptions;
  readonly deps: RoundMachineDeps;
  readonly self: Hotkey;
  readonly candidates: Candidates;
  readonly votes = new VoteBox();
  nowMs: number;
  block = 0;
  /** Members worth waiting for until the deadline. */
  expected: readonly Hotkey[] = [];
  ownVote: OwnVote | undefined;
  /** The highest attempt that anybody spoke of and that is believed. */
  highestSeen = -1;
  /** When leading became possible, or undefined while it is not. */
  idleSinceMs: number | undefined;
  /** We lead no attempt before: the back-off after one that failed. */
  pausedUntilMs = -Infinity;
  #lock: RoundLock;
  #held: Map<string, string>;
  #attempt: Attempt | undefined;
  #attemptCount = 0;
  #end: RoundEnd | undefined;
  #actions: RoundAction[] = [];

  constructor(options: RoundMachineOptions, deps: RoundMachineDeps, nowMs: number) {
    const { runId, outerStep, anchorRoot, roundKey } = options.ready;
    assert(roundKey === deps.roundSigner.publicKey, "the ready names the key that signs in this round");
    this.options = options;
    this.deps = deps;
    this.self = options.ready.hotkey;
    this.nowMs = nowMs;
    const { shape, live, previousMembers } = options;
    this.candidates = new Candidates(shape, options.ready, live, deps.suspicions, previousMembers);
    this.#held = new Map(options.held ?? []);
    const lock = options.lock;
    this.#lock =
      lock && lock.runId === runId && lock.outerStep === outerStep && lock.anchorRoot === anchorRoot
        ? lock
        : { runId, outerStep, anchorRoot, promised: -1, groups: [], lock: null };
    this.highestSeen = this.#lock.promised;
    if (this.#lock.lock) {
      const { proposal, origin, resultDigest } = this.#lock.lock;
      const digest = proposalDigest(proposal);
      this.votes.open(digest, proposal);
      this.ownVote = { digest, proposal, origin, resultDigest };
    }
  }

  get lock(): RoundLock {
    return this.#lock;
  }

  /** Results whose chunks are at hand: result digest → chunk digests. */
  get held(): ReadonlyMap<string, string> {
    return this.#held;
  }

  get attempt(): Attempt | undefined {
    return this.#attempt;
  }

  /** An attempt above is not believed: whoever says so could use up the numbers. */
  get highestBelievable(): number {
    return Math.max(this.#lock.promised, this.highestSeen) + MAX_ATTEMPT_SKIP;
  }

  get attemptCount(): number {
    return this.#attemptCount;
  }

  get end(): RoundEnd | undefined {
    return this.#end;
  }

  /** Actions not yet handed out. */
  take(): RoundAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  act(action: RoundAction): void {
    this.#actions.push(action);
  }

  send(
    to: readonly Hotkey[] | "all",
    kind: Extract<RoundAction, { type: "send" }>["kind"],
    header: object,
  ): void {
    this.act({ type: "send", to, kind, header: header as Record<string, unknown> });
  }

  emit(event: string, fields: Record<string, unknown>): void {
    this.act({ type: "emit", event: { event, ...fields } });
  }

  /** @returns our round key's signature, hex */
  sign(payload: Uint8Array): string {
    return toHex(this.deps.roundSigner.sign(payload));
  }

  /** By the round key of this member's offer. */
  isSigned(proposal: Proposal, hotkey: Hotkey, payload: Uint8Array, signature: string): boolean {
    return isSignedIn(proposal, hotkey, payload, signature, this.deps.roundKeys);
  }

  ballot(proposal: Proposal, digest: string): Omit<VoteTerms, "resultDigest"> {
    const { runId, outerStep, attempt } = proposal;
    return { runId, outerStep, attempt, proposalDigest: digest };
  }

  others(proposal: Proposal): Hotkey[] {
    return membersOf(proposal).filter((h) => h !== this.self);
  }

  /** No attempt → this one, which was promised. */
  enter(attempt: Attempt): void {
    this.#attempt = attempt;
    this.#attemptCount++;
    this.highestSeen = Math.max(this.highestSeen, attempt.proposal.attempt);
    this.votes.open(attempt.digest, attempt.proposal);
  }

  /** The attempt → none. */
  forget(attempt: Attempt): void {
    this.act({ type: "drop", digest: attempt.digest });
    this.#attempt = undefined;
  }

  /** Any state → the end of the round. */
  finish(end: RoundEnd): void {
    if (this.#attempt) this.forget(this.#attempt);
    if (end.kind === "committed") {
      for (const { hotkey } of end.certificate.votes) this.deps.suspicions.forgive(hotkey);
      this.deps.pace.settled();
    }
    this.#end = end;
    this.act({ type: "done", end });
  }

  setLock(change: Partial<RoundLock>): void {
    this.#lock = { ...this.#lock, ...change };
    this.act({ type: "lock", lock: this.#lock });
  }

  /** Of results that came to nothing only the newest are kept. */
  hold(resultDigest: string, chunkDigests: string): void {
    this.#held.delete(resultDigest);
    this.#held.set(resultDigest, chunkDigests);
    const locked = this.#lock.lock?.resultDigest;
    const spare = [...this.#held.keys()].filter((digest) => digest !== locked && digest !== resultDigest);
    for (const digest of spare.slice(0, Math.max(0, this.#held.size - MAX_HOLDS))) {
      this.#held.delete(digest);
      this.act({ type: "release", resultDigest: digest });
    }
  }

  suspect(hotkey: Hotkey): void {
    if (hotkey === this.self) return;
    this.deps.suspicions.suspect(hotkey, this.nowMs, this.deps.pace.timeouts.suspectMs);
  }

  convict(hotkey: Hotkey, crime: string): void {
    this.deps.suspicions.convict(hotkey, this.nowMs, this.deps.pace.timeouts.suspectMs);
    this.emit("member-lied", { peer: hotkey, crime });
  }

  get recoveryBlock(): number {
    return this.options.deadlineBlock + this.options.recoveryBlocks;
  }

  /** What a group must have in common with the one before it, seen from here. */
  get continuity(): Continuity {
    return {
      previousMembers: this.options.previousMembers,
      recoveryBlock: this.recoveryBlock,
      block: this.block,
      present: this.candidates.present(),
    };
  }

  /** By our own height, and by that of the proposal if it is another's. */
  isRecovery(block = this.block): boolean {
    return Math.min(block, this.block) >= this.recoveryBlock;
  }

  objection(group: readonly Hotkey[], block = this.block): string | undefined {
    return groupObjection(group, {
      previousMembers: this.options.previousMembers,
      widerGroup: this.options.widerGroup,
      earlierGroups: this.#lock.groups,
      present: this.isRecovery(block) ? this.candidates.present() : undefined,
    });
  }

  isAllowed(group: readonly Hotkey[]): boolean {
    return group.length >= this.options.shape.minGroup && this.objection(group) === undefined;
  }

  /** While voting or committing: can the ballot still get its quorum, if only live members answer from now on? */
  isCommitReachable(attempt: Attempt): boolean {
    if (attempt.stage !== "voting" && attempt.stage !== "committing") return true;
    const phase = attempt.stage === "voting" ? "vote" : "commit";
    const { resultDigest } = this.ownVote!;
    return this.votes.isReachable(phase, attempt.digest, resultDigest, (h) => this.candidates.isLive(h));
  }

  /** The attempt whose chunks these are; one that carries has none. */
  attemptAt(digest: string): Attempt | undefined {
    return this.#attempt?.digest === digest && this.#attempt.stage !== "carrying" ? this.#attempt : undefined;
  }
}

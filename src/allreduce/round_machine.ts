/**
 * One outer step seen by one member: ready → group → reduce → commit. Pure and synchronous: events in, actions out; time,
 * block height and the network are events.
 *
 * Without an attempt the member waits for a leader, or leads when its turn comes. An attempt goes
 *
 *   proposing (leader only) → accepted → reducing → voting → committed
 *                                      ↘ carrying ↗            (an earlier attempt's result must be committed again)
 *
 * and whatever stalls it drops it; the next attempt has a higher number. The rules that keep two attempts from
 * committing different results are in quorum.ts and lock.ts; here they are only obeyed.
 */
import { fromHex, toHex } from "../base/bytes.ts";
import type { Hotkey, Signer, VerifySignature } from "../base/transport.ts";
import { Candidates, groupObjection } from "./candidates.ts";
import { type Certificate, resultDigestOf, verifyCertificate, votePayload } from "./certificate.ts";
import { refuse } from "./errors.ts";
import {
  acceptPayload,
  type AcceptRecord,
  chooseCarried,
  type Lock,
  type LockSummary,
  mayBeCommitted,
  type RoundLock,
} from "./lock.ts";
import type { Header } from "./messages.ts";
import {
  checkProposal,
  membersOf,
  type Offer,
  planOf,
  type Proposal,
  proposalDigest,
  proposePayload,
  verifyReady,
} from "./proposal.ts";
import { type ReduceAction, ReduceMachine } from "./reduce_machine.ts";
import type { RoundAction, RoundEnd, RoundEvent, RoundMachineOptions } from "./round_types.ts";
import { VoteBox } from "./vote_box.ts";

export interface RoundMachineDeps {
  readonly signer: Signer;
  readonly verify: VerifySignature;
  isMember(hotkey: Hotkey): boolean;
}

/** Attempts may be skipped, but not so far that the numbers run out. */
const MAX_ATTEMPT_SKIP = 64;

interface Attempt {
  readonly proposal: Proposal;
  readonly digest: string;
  readonly members: readonly Hotkey[];
  readonly reduce: ReduceMachine;
  stage: "proposing" | "accepted" | "reducing" | "carrying" | "voting";
  sinceMs: number;
  readonly accepts: Map<Hotkey, { record: AcceptRecord; full: Lock | null }>;
  carried?: Lock;
  resultDigest?: string;
}

export class RoundMachine {
  #options: RoundMachineOptions;
  #deps: RoundMachineDeps;
  #self: Hotkey;
  #candidates: Candidates;
  #votes = new VoteBox();
  #lock: RoundLock;
  #held: Map<string, string>;
  #attempt: Attempt | undefined;
  #attemptCount = 0;
  #highestSeen = -1;
  #complaints = new Map<Hotkey, number>();
  #pulling: Certificate | undefined;
  #end: RoundEnd | undefined;
  #nowMs: number;
  #block = 0;
  #expected: readonly Hotkey[] = [];
  /** When leading became possible, or the last attempt ended (in the future: back-off). */
  #idleSinceMs: number | undefined;
  #actions: RoundAction[] = [];

  constructor(options: RoundMachineOptions, deps: RoundMachineDeps, nowMs: number) {
    const { runId, outerStep } = options.ready;
    this.#options = options;
    this.#deps = deps;
    this.#self = options.ready.hotkey;
    this.#nowMs = nowMs;
    this.#candidates = new Candidates(options.shape.seed, options.ready, options.live);
    this.#held = new Map(options.held ?? []);
    const lock = options.lock;
    this.#lock = lock && lock.runId === runId && lock.outerStep === outerStep
      ? lock
      : { runId, outerStep, promised: -1, groups: [], lock: null };
    this.#highestSeen = this.#lock.promised;
    if (this.#lock.lock) {
      const { proposal } = this.#lock.lock;
      this.#votes.open(proposalDigest(proposal), proposal);
    }
  }

  get end(): RoundEnd | undefined {
    return this.#end;
  }

  /** Announces this member; call once. */
  start(): RoundAction[] {
    this.#send("all", "ready", { ...this.#options.ready });
    return this.take();
  }

  /** @throws {SkeinError} when the event shows an offence of its sender; `take` gives the actions so far */
  handle(event: RoundEvent): RoundAction[] {
    if (!this.#end) this.#dispatch(event);
    return this.take();
  }

  /** Actions not yet handed out. */
  take(): RoundAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  /** Is this contribution to a chunk of ours still wanted? Spares the check of bytes that would not count. */
  wantsContribution(digest: string, from: Hotkey, chunk: number): boolean {
    const attempt = this.#attemptAt(digest);
    const sender = attempt?.members.indexOf(from) ?? -1;
    return attempt !== undefined && sender >= 0 && attempt.reduce.wants(sender, chunk);
  }

  /** Is this the next result that its reducer owes us? */
  wantsResult(digest: string, from: Hotkey, chunk: number): boolean {
    const attempt = this.#attemptAt(digest);
    const reducer = attempt?.members.indexOf(from) ?? -1;
    return attempt !== undefined && reducer >= 0 && attempt.reduce.isNextResult(reducer, chunk);
  }

  #attemptAt(digest: string): Attempt | undefined {
    return this.#attempt?.digest === digest && this.#attempt.stage !== "carrying" ? this.#attempt : undefined;
  }

  #dispatch(event: RoundEvent): void {
    switch (event.type) {
      case "tick":
        return this.#onTick(event.nowMs, event.block, event.expected);
      case "peer":
        return this.#onPeer(event.peer, event.isUp);
      case "ready":
        return this.#onReady(event.from, event.header);
      case "propose":
        return this.#onPropose(event.from, event.header);
      case "accept":
        return this.#onAccept(event.from, event.header);
      case "refuse":
        return this.#onRefuse(event.from, event.header);
      case "begin":
        return this.#onBegin(event.from, event.header);
      case "vote":
        return this.#onVote(event.from, event.header);
      case "complaint":
        return this.#onComplaint(event.from, event.header);
      case "certificate":
        return this.#onCertificate(event.certificate);
      case "fetched":
        return this.#onFetched(event.resultDigest, event.chunkDigests);
      case "fetch-failed":
        return this.#onFetchFailed(event.resultDigest);
      default:
        return this.#onReduceEvent(event);
    }
  }

  // ── time and links ────────────────────────────────────────────────────────────────────────────────────────────

  #onTick(nowMs: number, block: number, expected: readonly Hotkey[]): void {
    this.#nowMs = nowMs;
    this.#block = block;
    this.#expected = expected;
    const attempt = this.#attempt;
    if (this.#pulling) return;
    if (!attempt) return this.#leadIfDue();
    const { timeouts } = this.#options;
    const ageMs = nowMs - attempt.sinceMs;
    if (attempt.stage === "proposing" && ageMs > timeouts.acceptTimeoutMs) {
      this.#drop("no accept", attempt.members.filter((m) => !attempt.accepts.has(m)));
    } else if (attempt.stage === "accepted" && ageMs > timeouts.beginTimeoutMs) {
      this.#drop("no begin", [attempt.proposal.leader]);
    } else if (attempt.stage === "carrying" && ageMs > timeouts.reducerTimeoutMs) {
      this.#drop("no result to carry", []);
    } else if (attempt.stage === "voting" && ageMs > timeouts.voteTimeoutMs) {
      this.#drop("no quorum", this.#votes.silent(attempt.digest));
    } else if (attempt.stage === "reducing") {
      this.#reduceStep(attempt, attempt.reduce.tick(nowMs));
    }
  }

  #onPeer(peer: Hotkey, isUp: boolean): void {
    this.#candidates.setLive(peer, isUp);
    if (isUp) return this.#send([peer], "ready", { ...this.#options.ready });
    const attempt = this.#attempt;
    const index = attempt?.members.indexOf(peer) ?? -1;
    if (!attempt || index < 0) return;
    const isLost = attempt.stage === "proposing" ||
      (attempt.stage === "accepted" && attempt.proposal.leader === peer) ||
      (attempt.stage === "voting" && !this.#isCommitReachable(attempt));
    if (isLost) return this.#drop("member down", []);
    if (attempt.stage === "reducing" || attempt.stage === "accepted") {
      this.#reduceStep(attempt, attempt.reduce.memberDown(index, this.#nowMs));
    }
  }

  #isCommitReachable(attempt: Attempt): boolean {
    return this.#votes.isReachable(attempt.digest, attempt.resultDigest!, (h) => this.#candidates.isLive(h));
  }

  // ── ready and group ───────────────────────────────────────────────────────────────────────────────────────────

  #onReady(from: Hotkey, ready: Header<"ready">): void {
    const own = this.#options.ready;
    if (ready.hotkey !== from || !verifyReady(ready, this.#deps.verify)) {
      throw refuse(
        "allreduce/bad-signature",
        `read a ready of ${from}: it is not signed by ${from}, its own is required`,
      );
    }
    if (ready.codec !== own.codec || ready.runId !== own.runId) return;
    if (ready.anchorRoot !== own.anchorRoot) {
      this.#candidates.addElsewhere(from);
      return this.#emit("root-mismatch", { peer: from, theirs: ready.anchorRoot, ours: own.anchorRoot });
    }
    this.#candidates.add(ready);
  }

  #isRecovery(): boolean {
    return this.#block >= this.#options.deadlineBlock + this.#options.recoveryBlocks;
  }

  #objection(group: readonly Hotkey[]): string | undefined {
    if (this.#isRecovery()) return undefined;
    return groupObjection(group, this.#options.previousMembers, this.#lock.groups);
  }

  /** Rank r leads after r leader timeouts: the first live candidate at once, the next when it stays silent. */
  #leadIfDue(): void {
    const group = this.#candidates.group(this.#nowMs);
    const hotkeys = group.map((r) => r.hotkey);
    const isRetry = this.#highestSeen >= 0;
    const isTime = isRetry || this.#candidates.isComplete(this.#expected) ||
      this.#block >= this.#options.deadlineBlock;
    if (!isTime || group.length < this.#options.shape.minGroup || this.#objection(hotkeys)) {
      this.#idleSinceMs = undefined;
      return;
    }
    this.#idleSinceMs ??= this.#nowMs;
    const rank = hotkeys.indexOf(this.#self);
    if (this.#nowMs - this.#idleSinceMs < rank * this.#options.timeouts.leaderTimeoutMs) return;
    this.#propose(group);
  }

  #propose(group: readonly Offer[]): void {
    const { shape, ready } = this.#options;
    const { runId, outerStep, anchorRoot, codec } = ready;
    const members = group.map((r) => ({
      hotkey: r.hotkey,
      innerSteps: r.innerSteps,
      samples: r.samples,
      bandwidthBytesPerSec: r.bandwidthBytesPerSec,
      waypointDigest: r.waypointDigest,
      block: r.block,
      signature: r.signature,
    }));
    const proposal: Proposal = {
      runId,
      outerStep,
      anchorRoot,
      codec,
      attempt: Math.max(this.#highestSeen, this.#lock.promised) + 1,
      leader: this.#self,
      block: this.#block,
      elementCount: shape.elementCount,
      chunkElements: shape.chunkElements,
      members,
    };
    const digest = proposalDigest(proposal);
    const accept = this.#acceptProposal(proposal, digest, "proposing");
    this.#send(this.#others(proposal), "propose", {
      proposal,
      signature: toHex(this.#deps.signer.sign(proposePayload(digest))),
    });
    this.#countAccept(accept);
  }

  #onPropose(from: Hotkey, { proposal, signature }: Header<"propose">): void {
    const { shape, ready } = this.#options;
    const digest = proposalDigest(proposal);
    if (from !== proposal.leader || !this.#deps.verify(from, proposePayload(digest), fromHex(signature))) {
      throw refuse(
        "allreduce/bad-signature",
        `read a proposal from ${from}: it is not signed by it, its own is required`,
      );
    }
    const answer = (reason: string) =>
      this.#send([from], "refuse", {
        ...this.#ballot(proposal, digest),
        promised: this.#lock.promised,
        reason,
      });
    if (proposal.anchorRoot !== ready.anchorRoot) {
      this.#emit("root-mismatch", { peer: from, theirs: proposal.anchorRoot, ours: ready.anchorRoot });
      return answer("root");
    }
    checkProposal(proposal, shape, {
      verify: this.#deps.verify,
      isMember: this.#deps.isMember,
      isKnownOffer: (offer) => this.#candidates.knows(offer),
    });
    const own = proposal.members.find((m) => m.hotkey === this.#self);
    if (!own) {
      throw refuse("allreduce/bad-proposal", `read a proposal from ${from}: it was sent to a non-member`);
    }
    if (own.signature !== ready.signature) return answer("stale offer");
    if (proposal.attempt > this.#lock.promised + MAX_ATTEMPT_SKIP) return answer("attempt too high");
    this.#highestSeen = Math.max(this.#highestSeen, proposal.attempt);
    if (proposal.attempt <= this.#lock.promised) return answer("promised");
    const objection = this.#objection(membersOf(proposal));
    if (objection) return answer(objection);
    const accept = this.#acceptProposal(proposal, digest, "accepted");
    this.#send([from], "accept", accept);
  }

  /** From here on this member takes part in no lower attempt. */
  #acceptProposal(proposal: Proposal, digest: string, stage: "proposing" | "accepted"): Header<"accept"> {
    if (this.#attempt) this.#forget(this.#attempt);
    const members = membersOf(proposal);
    const plan = planOf(proposal);
    this.#attempt = {
      proposal,
      digest,
      members,
      reduce: new ReduceMachine(plan, members.indexOf(this.#self), this.#options.timeouts),
      stage,
      sinceMs: this.#nowMs,
      accepts: new Map(),
    };
    this.#attemptCount++;
    this.#highestSeen = Math.max(this.#highestSeen, proposal.attempt);
    this.#votes.open(digest, proposal);
    this.#setLock({
      promised: proposal.attempt,
      groups: [...this.#lock.groups, { attempt: proposal.attempt, members }],
    });
    this.#actions.push({ type: "open", digest, proposal, plan });
    const full = this.#lock.lock;
    const lock: LockSummary | null = full && {
      attempt: full.attempt,
      proposalDigest: proposalDigest(full.proposal),
      originDigest: proposalDigest(full.origin),
      resultDigest: full.resultDigest,
      holds: this.#held.has(full.resultDigest),
    };
    const ballot = this.#ballot(proposal, digest);
    const signature = toHex(this.#deps.signer.sign(acceptPayload(ballot, lock)));
    return { ...ballot, lock, full: full as Header<"accept">["full"], signature };
  }

  #onAccept(from: Hotkey, accept: Header<"accept">): void {
    const attempt = this.#attempt;
    if (attempt?.stage !== "proposing" || accept.proposalDigest !== attempt.digest) return;
    if (!attempt.members.includes(from)) return;
    if (!this.#deps.verify(from, acceptPayload(accept, accept.lock), fromHex(accept.signature))) {
      throw refuse(
        "allreduce/bad-signature",
        `read an accept of ${from}: a wrong signature, its own is required`,
      );
    }
    if (accept.lock) this.#checkLock(accept.lock, accept.full);
    this.#countAccept(accept, from);
  }

  #countAccept(accept: Header<"accept">, from: Hotkey = this.#self): void {
    const attempt = this.#attempt!;
    const record = { hotkey: from, lock: accept.lock, signature: accept.signature };
    attempt.accepts.set(from, { record, full: accept.full });
    if (attempt.accepts.size < attempt.members.length) return;
    const accepts = attempt.members.map((m) => attempt.accepts.get(m)!.record);
    const choice = chooseCarried(accepts);
    const lock = choice &&
      [...attempt.accepts.values()].find(({ record }) =>
        record.lock?.resultDigest === choice.summary.resultDigest &&
        record.lock.attempt === choice.summary.attempt
      )!.full;
    const isBound = choice !== null && mayBeCommitted(choice, lock!, accepts);
    if (isBound && choice.holders.length === 0 && !this.#isRecovery()) {
      this.#emit("lock-without-holder", { resultDigest: choice.summary.resultDigest });
      return this.#drop("no holder of the locked result", []);
    }
    const begin = { ...this.#ballot(attempt.proposal, attempt.digest), accepts, lock };
    this.#send(this.#others(attempt.proposal), "begin", begin);
    const carried = isBound && choice.holders.length > 0 ? lock : null;
    this.#begin(attempt, carried, choice?.holders ?? []);
  }

  /** @throws {SkeinError} `allreduce/bad-lock` when the full lock is not the one in the summary, or not of this round */
  #checkLock(summary: LockSummary, full: Lock | null): asserts full is Lock {
    const { anchorRoot, outerStep, runId } = this.#options.ready;
    const isSame = full !== null && full.attempt === summary.attempt &&
      full.resultDigest === summary.resultDigest &&
      proposalDigest(full.proposal) === summary.proposalDigest &&
      proposalDigest(full.origin) === summary.originDigest;
    if (!isSame) {
      throw refuse("allreduce/bad-lock", "check a lock: it differs from its summary, the same is required");
    }
    for (const p of [full.proposal, full.origin]) {
      if (p.anchorRoot !== anchorRoot || p.outerStep !== outerStep || p.runId !== runId) {
        throw refuse("allreduce/bad-lock", "check a lock: it is of another round, this one is required");
      }
      checkProposal(p, this.#options.shape, {
        ...this.#deps,
        isMember: (h) => this.#deps.isMember(h),
        isKnownOffer: (o) => this.#candidates.knows(o),
      });
    }
  }

  #onRefuse(from: Hotkey, answer: Header<"refuse">): void {
    const attempt = this.#attempt;
    if (attempt?.stage !== "proposing" || answer.proposalDigest !== attempt.digest) return;
    if (!attempt.members.includes(from)) return;
    this.#highestSeen = Math.max(
      this.#highestSeen,
      Math.min(answer.promised, this.#lock.promised + MAX_ATTEMPT_SKIP - 1),
    );
    this.#drop(`refused: ${answer.reason}`, answer.reason === "promised" ? [] : [from]);
  }

  #onBegin(from: Hotkey, begin: Header<"begin">): void {
    const attempt = this.#attempt;
    if (attempt?.stage !== "accepted" || begin.proposalDigest !== attempt.digest) return;
    if (from !== attempt.proposal.leader) {
      throw refuse(
        "allreduce/bad-begin",
        `read a begin from ${from}: not the leader, ${attempt.proposal.leader} is required`,
      );
    }
    const hasAll = begin.accepts.length === attempt.members.length &&
      begin.accepts.every((a, i) => a.hotkey === attempt.members[i]);
    if (!hasAll) {
      throw refuse("allreduce/bad-begin", `read a begin: accepts of other than all members in order`);
    }
    for (const accept of begin.accepts) {
      if (!this.#deps.verify(accept.hotkey, acceptPayload(begin, accept.lock), fromHex(accept.signature))) {
        throw refuse(
          "allreduce/bad-begin",
          `read a begin: a wrong signature of ${accept.hotkey}, its accept is required`,
        );
      }
    }
    const choice = chooseCarried(begin.accepts);
    let carried: Lock | null = null;
    if (choice) {
      this.#checkLock(choice.summary, begin.lock);
      const isBound = mayBeCommitted(choice, begin.lock!, begin.accepts);
      if (isBound && choice.holders.length > 0) carried = begin.lock;
      else if (isBound && !this.#isRecovery()) {
        throw refuse(
          "allreduce/bad-begin",
          "read a begin: it drops a locked result, carrying it forward is required",
        );
      }
    }
    this.#begin(attempt, carried, choice?.holders ?? []);
  }

  // ── reduce ────────────────────────────────────────────────────────────────────────────────────────────────────

  #begin(attempt: Attempt, carried: Lock | null, holders: readonly Hotkey[]): void {
    attempt.sinceMs = this.#nowMs;
    this.#emit("round-began", {
      outerStep: attempt.proposal.outerStep,
      attempt: attempt.proposal.attempt,
      members: attempt.members.length,
      isCarried: carried !== null,
    });
    if (!carried) {
      attempt.stage = "reducing";
      this.#reduceStep(attempt, attempt.reduce.begin(this.#nowMs));
      for (let i = 0; i < attempt.members.length && this.#attempt === attempt; i++) {
        if (this.#candidates.isLive(attempt.members[i])) continue;
        this.#reduceStep(attempt, attempt.reduce.memberDown(i, this.#nowMs));
      }
      return;
    }
    attempt.stage = "carrying";
    attempt.carried = carried;
    if (this.#held.has(carried.resultDigest)) {
      return this.#vote(attempt, carried.origin, carried.resultDigest);
    }
    const sources = holders.filter((h) => h !== this.#self);
    this.#actions.push({
      type: "fetch",
      resultDigest: carried.resultDigest,
      origin: carried.origin,
      sources,
    });
  }

  #onReduceEvent(
    event: Extract<
      RoundEvent,
      { type: "contributed" | "corrupt" | "reduced" | "reduce-failed" | "result" | "corrupt-result" }
    >,
  ): void {
    const attempt = this.#attemptAt(event.digest);
    if (!attempt) return;
    if (event.type === "reduced") {
      return this.#reduceStep(attempt, attempt.reduce.reduced(event.chunk, event.chunkDigest, this.#nowMs));
    }
    const sender = attempt.members.indexOf(event.from);
    if (sender < 0) return;
    if (event.type === "reduce-failed") {
      return this.#reduceStep(attempt, attempt.reduce.failed(event.chunk, sender, event.code, this.#nowMs));
    }
    if (event.type === "contributed") {
      this.#reduceStep(attempt, attempt.reduce.contributed(sender, event.chunk, this.#nowMs));
    } else if (event.type === "corrupt") {
      this.#reduceStep(attempt, attempt.reduce.exclude(sender, event.code, this.#nowMs, event.chunk));
    } else if (event.type === "result") {
      this.#reduceStep(attempt, attempt.reduce.result(sender, event.chunk, event.chunkDigest, this.#nowMs));
    } else if (attempt.stage === "reducing") {
      this.#complain(attempt, [event.from]);
    }
  }

  #reduceStep(attempt: Attempt, actions: readonly ReduceAction[]): void {
    const stalled: Hotkey[] = [];
    for (const action of actions) {
      if (this.#attempt !== attempt) return;
      if (action.type === "stalled") stalled.push(attempt.members[action.reducer]);
      else if (action.type === "complete") this.#completed(attempt, action.chunkDigests);
      else this.#actions.push({ type: "reduce", digest: attempt.digest, action });
      if (action.type === "excluded") {
        this.#emit("sender-excluded", {
          peer: attempt.members[action.sender],
          chunk: action.chunk,
          code: action.code,
        });
      }
    }
    if (stalled.length > 0 && attempt.stage === "reducing") this.#complain(attempt, stalled);
    else if (stalled.length > 0) this.#drop("member down", stalled);
  }

  #completed(attempt: Attempt, chunkDigests: string): void {
    const resultDigest = resultDigestOf(attempt.digest, chunkDigests);
    this.#held.set(resultDigest, chunkDigests);
    this.#actions.push({
      type: "hold",
      digest: attempt.digest,
      origin: attempt.proposal,
      resultDigest,
      chunkDigests,
    });
    this.#vote(attempt, attempt.proposal, resultDigest);
  }

  #complain(attempt: Attempt, suspects: readonly Hotkey[]): void {
    this.#send(this.#others(attempt.proposal), "complaint", {
      ...this.#ballot(attempt.proposal, attempt.digest),
      suspects: [...suspects],
    });
    this.#drop("stalled", suspects);
  }

  /** The leader starts over without the accused; a member that keeps accusing is left out as well. */
  #onComplaint(from: Hotkey, complaint: Header<"complaint">): void {
    const attempt = this.#attempt;
    if (!attempt || complaint.proposalDigest !== attempt.digest || attempt.proposal.leader !== this.#self) {
      return;
    }
    if (!attempt.members.includes(from)) return;
    const complaintCount = (this.#complaints.get(from) ?? 0) + 1;
    this.#complaints.set(from, complaintCount);
    const accused = complaint.suspects.filter((h) => attempt.members.includes(h) && h !== this.#self);
    if (complaintCount > 2 || accused.length === 0) accused.push(from);
    this.#drop("complaint", accused);
  }

  // ── commit ────────────────────────────────────────────────────────────────────────────────────────────────────

  #vote(attempt: Attempt, origin: Proposal, resultDigest: string): void {
    attempt.stage = "voting";
    attempt.sinceMs = this.#nowMs;
    attempt.resultDigest = resultDigest;
    const { proposal } = attempt;
    this.#setLock({ lock: { attempt: proposal.attempt, proposal, origin, resultDigest } });
    const ballot = { ...this.#ballot(proposal, attempt.digest), resultDigest };
    const signature = toHex(this.#deps.signer.sign(votePayload(ballot)));
    this.#send(this.#others(proposal), "vote", { ...ballot, signature });
    this.#votes.add(attempt.digest, this.#self, resultDigest, signature);
    this.#commitIfQuorum(attempt.digest, resultDigest);
    if (!this.#end && !this.#isCommitReachable(attempt)) this.#drop("no quorum in reach", []);
  }

  #onVote(from: Hotkey, vote: Header<"vote">): void {
    const proposal = this.#votes.proposal(vote.proposalDigest);
    if (!proposal || proposal.attempt !== vote.attempt || !membersOf(proposal).includes(from)) return;
    if (!this.#deps.verify(from, votePayload(vote), fromHex(vote.signature))) {
      throw refuse(
        "allreduce/bad-signature",
        `read a vote of ${from}: a wrong signature, its own is required`,
      );
    }
    this.#votes.add(vote.proposalDigest, from, vote.resultDigest, vote.signature);
    this.#commitIfQuorum(vote.proposalDigest, vote.resultDigest);
  }

  #commitIfQuorum(digest: string, resultDigest: string): void {
    const votes = this.#votes.quorum(digest, resultDigest);
    const chunkDigests = this.#held.get(resultDigest);
    const lock = this.#lock.lock;
    if (!votes || chunkDigests === undefined || lock?.resultDigest !== resultDigest) return;
    const proposal = this.#votes.proposal(digest)!;
    const { runId, outerStep, attempt } = proposal;
    this.#finish({
      kind: "committed",
      certificate: {
        runId,
        outerStep,
        attempt,
        proposal,
        origin: lock.origin,
        resultDigest,
        chunkDigests,
        votes,
      },
      attempts: this.#attemptCount,
    });
  }

  #onCertificate(certificate: Certificate): void {
    const { ready, shape, previousMembers, deadlineBlock, recoveryBlocks } = this.#options;
    if (certificate.outerStep < ready.outerStep) return;
    const deps = { verify: this.#deps.verify, isMember: (h: Hotkey) => this.#deps.isMember(h) };
    if (certificate.outerStep > ready.outerStep) {
      verifyCertificate(certificate, shape, deps);
      return this.#finish({ kind: "superseded", outerStep: certificate.outerStep });
    }
    if (this.#pulling) return;
    const isSameAnchor = certificate.proposal.anchorRoot === ready.anchorRoot;
    const recoveryBlock = deadlineBlock + recoveryBlocks;
    verifyCertificate(certificate, shape, deps, isSameAnchor ? { previousMembers, recoveryBlock } : {});
    if (!isSameAnchor) {
      return this.#finish({
        kind: "aborted",
        code: "allreduce/root-mismatch",
        reason:
          `the group committed from anchor ${certificate.proposal.anchorRoot}, ours is ${ready.anchorRoot}`,
      });
    }
    if (this.#attempt) this.#forget(this.#attempt);
    const { resultDigest, origin, chunkDigests } = certificate;
    if (this.#held.has(resultDigest)) {
      return this.#finish({ kind: "committed", certificate, attempts: this.#attemptCount });
    }
    this.#pulling = certificate;
    const sources = certificate.votes.map((v) => v.hotkey).filter((h) => h !== this.#self);
    this.#actions.push({ type: "fetch", resultDigest, origin, sources, chunkDigests });
  }

  #onFetched(resultDigest: string, chunkDigests: string): void {
    this.#held.set(resultDigest, chunkDigests);
    const certificate = this.#pulling;
    if (certificate?.resultDigest === resultDigest) {
      return this.#finish({ kind: "committed", certificate, attempts: this.#attemptCount });
    }
    const attempt = this.#attempt;
    if (attempt?.stage === "carrying" && attempt.carried?.resultDigest === resultDigest) {
      this.#vote(attempt, attempt.carried.origin, resultDigest);
    }
  }

  #onFetchFailed(resultDigest: string): void {
    if (this.#pulling?.resultDigest === resultDigest) {
      return this.#finish({ kind: "superseded", outerStep: this.#options.ready.outerStep });
    }
    if (this.#attempt?.stage === "carrying" && this.#attempt.carried?.resultDigest === resultDigest) {
      this.#drop("the locked result could not be fetched", []);
    }
  }

  // ── endings ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** The attempt failed: back to waiting for a leader, with a pause that grows, capped at a second. */
  #drop(reason: string, suspects: readonly Hotkey[]): void {
    const attempt = this.#attempt;
    if (!attempt) return;
    for (const hotkey of suspects) {
      this.#candidates.suspect(hotkey, this.#nowMs + this.#options.timeouts.suspectMs);
    }
    this.#emit("attempt-dropped", {
      outerStep: attempt.proposal.outerStep,
      attempt: attempt.proposal.attempt,
      reason,
      suspects: [...suspects],
    });
    this.#forget(attempt);
    this.#idleSinceMs = this.#nowMs + Math.min(1000, 50 * this.#attemptCount);
  }

  #forget(attempt: Attempt): void {
    this.#actions.push({ type: "drop", digest: attempt.digest });
    this.#attempt = undefined;
  }

  #finish(end: RoundEnd): void {
    if (this.#attempt) this.#forget(this.#attempt);
    this.#end = end;
    this.#actions.push({ type: "done", end });
  }

  #setLock(change: Partial<RoundLock>): void {
    this.#lock = { ...this.#lock, ...change };
    this.#actions.push({ type: "lock", lock: this.#lock });
  }

  #ballot(proposal: Proposal, digest: string) {
    const { runId, outerStep, attempt } = proposal;
    return { runId, outerStep, attempt, proposalDigest: digest };
  }

  #others(proposal: Proposal): Hotkey[] {
    return membersOf(proposal).filter((h) => h !== this.#self);
  }

  #send(
    to: readonly Hotkey[] | "all",
    kind: Extract<RoundAction, { type: "send" }>["kind"],
    header: object,
  ): void {
    this.#actions.push({ type: "send", to, kind, header: header as Record<string, unknown> });
  }

  #emit(event: string, fields: Record<string, unknown>): void {
    this.#actions.push({ type: "emit", event: { event, ...fields } });
  }
}

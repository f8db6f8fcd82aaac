/**
 * One outer step seen by one member: ready → group → reduce → commit. Pure and synchronous: events in, actions out; time,
 * block height and the network are events.
 *
 * Without an attempt the member waits for a leader, or leads when its turn comes. An attempt goes
 *
 *   proposing (leader only) → accepted → reducing → voting → committing → committed
 *                                      ↘ carrying ↗            (an earlier attempt's result must be committed again)
 *
 * and whatever stalls it drops it; the next attempt has a higher number. The rules that keep two attempts from
 * committing different results are in quorum.ts and lock.ts; here they are only obeyed.
 */
import { fromHex } from "../base/bytes.ts";
import type { Hotkey } from "../base/transport.ts";
import type { Proposed } from "./attempt.ts";
import { CommitPhase } from "./commit_phase.ts";
import { refuse } from "./errors.ts";
import { audienceOf, suspectsOf, tellerOf } from "./grid_relay.ts";
import {
  acceptPayload,
  type AcceptRecord,
  bindingOf,
  checkLock,
  type Lock,
  newestClaim,
  type RoundLock,
  summaryOf,
} from "./lock.ts";
import type { Header } from "./messages.ts";
import { acceptsOf, bareOffer, briefly, outlineOf, proposalFrom } from "./outline.ts";
import type { Phase } from "./pace.ts";
import {
  checkProposal,
  isFairOffer,
  memberIndexOf,
  membersOf,
  type Offer,
  planOf,
  type Proposal,
  proposalDigest,
  proposePayload,
  verifyReady,
} from "./proposal.ts";
import { ReducePhase } from "./reduce_phase.ts";
import { newReduction } from "./reduction.ts";
import { RoundCore } from "./round_core.ts";
import { RoundEndings } from "./round_endings.ts";
import type {
  RoundAction,
  RoundEnd,
  RoundEvent,
  RoundMachineDeps,
  RoundMachineOptions,
} from "./round_types.ts";
import { Seals } from "./seals.ts";
import { VoteConflict } from "./vote_conflict.ts";

/** Attempts may be skipped, but not so far that the numbers run out. */
const MAX_ATTEMPT_SKIP = 64;
/** So often in a round a member may break into an attempt that another leads, or refuse one, without being suspected. */
const MAX_PREEMPTIONS = 2;
const MAX_REFUSALS = 5;
/** It says more of us than of whoever refuses. */
const INNOCENT_REFUSALS = ["promised", "busy", "liar", "attempt"];

export class RoundMachine {
  #core: RoundCore;
  #endings: RoundEndings;
  #conflict: VoteConflict;
  #commit: CommitPhase;
  #reduce: ReducePhase;
  #preemptions = new Map<Hotkey, number>();
  #refusals = new Map<Hotkey, number>();

  constructor(options: RoundMachineOptions, deps: RoundMachineDeps, nowMs: number) {
    this.#core = new RoundCore(options, deps, nowMs);
    this.#endings = new RoundEndings(this.#core);
    this.#conflict = new VoteConflict(this.#core, this.#endings);
    this.#commit = new CommitPhase(this.#core, this.#endings, this.#conflict);
    this.#reduce = new ReducePhase(this.#core, this.#endings, this.#commit);
  }

  get end(): RoundEnd | undefined {
    return this.#core.end;
  }

  /** Announces this member; call once. */
  start(): RoundAction[] {
    this.#core.send("all", "ready", { ...this.#core.options.ready });
    return this.take();
  }

  /** @throws {SkeinError} when the event shows an offence of its sender; `take` gives the actions so far */
  handle(event: RoundEvent): RoundAction[] {
    if (!this.#core.end) this.#dispatch(event);
    return this.take();
  }

  /** Actions not yet handed out. */
  take(): RoundAction[] {
    return this.#core.take();
  }

  /** Is this contribution to a chunk of ours still wanted? Spares the check of bytes that would not count. */
  wantsContribution(digest: string, from: Hotkey, chunk: number): boolean {
    const attempt = this.#core.attemptAt(digest);
    const sender = attempt ? memberIndexOf(attempt.proposal, from) : -1;
    return attempt !== undefined && sender >= 0 && attempt.reduce.wants(sender, chunk);
  }

  /** Is this row's sum of a chunk of ours still wanted? */
  wantsPartial(digest: string, from: Hotkey, chunk: number): boolean {
    const attempt = this.#core.attemptAt(digest);
    const sender = attempt ? memberIndexOf(attempt.proposal, from) : -1;
    return attempt?.reduce.wantsPartial?.(sender, chunk) ?? false;
  }

  /** Does its reducer still owe us this result? */
  wantsResult(digest: string, from: Hotkey, chunk: number): boolean {
    const attempt = this.#core.attemptAt(digest);
    const reducer = attempt ? memberIndexOf(attempt.proposal, from) : -1;
    return attempt !== undefined && reducer >= 0 && attempt.reduce.wantsResult(reducer, chunk);
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
      case "outline":
        return this.#onOutline(event.from, event.header);
      case "want":
        return this.#onWant(event.from, event.header);
      case "accept":
        return this.#onAccept(event.from, event.header);
      case "refuse":
        return this.#onRefuse(event.from, event.header);
      case "begin":
        return this.#onBegin(event.from, event.header);
      case "vote":
      case "commit":
        return this.#commit.onVote(event.type, event.from, event.header);
      case "seals":
        return this.#conflict.onSeals(event.from, event.header);
      case "complaint":
        return this.#reduce.onComplaint(event.from, event.header);
      case "certificate":
        return this.#endings.onCertificate(event.certificate);
      case "fetched":
        this.#core.hold(event.resultDigest, event.chunkDigests);
        if (!this.#endings.pulled(event.resultDigest)) this.#commit.fetched(event.resultDigest);
        return;
      case "fetch-failed":
        if (!this.#endings.pullFailed(event.resultDigest)) this.#commit.fetchFailed(event.resultDigest);
        return;
      default:
        return this.#reduce.onEvent(event);
    }
  }

  // ── time and links ────────────────────────────────────────────────────────────────────────────────────────────

  #onTick(nowMs: number, block: number, expected: readonly Hotkey[]): void {
    this.#core.nowMs = nowMs;
    this.#core.block = block;
    this.#core.expected = expected;
    const attempt = this.#core.attempt;
    if (this.#endings.isPulling) return;
    if (!attempt) return this.#leadIfDue();
    const { pace } = this.#core.deps;
    const { timeouts } = pace;
    const ageMs = nowMs - attempt.sinceMs;
    const expire = (phase: Phase, reason: string, suspects: readonly Hotkey[]) => {
      pace.expired(phase);
      this.#endings.drop(reason, suspects);
    };
    if (attempt.stage === "proposing" && ageMs > timeouts.acceptTimeoutMs) {
      const silent = attempt.members.filter((m) => !attempt.accepts.has(m));
      expire("accept", "no accept", suspectsOf(attempt.proposal, silent));
    } else if (attempt.stage === "accepted" && ageMs > timeouts.beginTimeoutMs) {
      const { proposal } = attempt;
      expire("begin", "no begin", [...new Set([proposal.leader, tellerOf(proposal, this.#core.self)])]);
    } else if (attempt.stage === "carrying" && ageMs > timeouts.reducerTimeoutMs) {
      this.#endings.drop("no result to carry", []);
    } else if (attempt.stage === "voting" && ageMs > timeouts.voteTimeoutMs) {
      const others = this.#core.votes.others(attempt.digest, this.#core.ownVote!.resultDigest);
      const hiding = others.filter((hotkey) => !attempt.sealsFrom?.has(hotkey));
      expire("vote", "no quorum", [...this.#core.votes.silent("vote", attempt.digest), ...hiding]);
    } else if (attempt.stage === "committing" && ageMs > timeouts.voteTimeoutMs) {
      expire("vote", "no commit", this.#core.votes.silent("commit", attempt.digest));
    } else if (attempt.stage === "reducing") {
      this.#reduce.step(attempt, attempt.reduce.tick(nowMs));
    }
  }

  #onPeer(peer: Hotkey, isUp: boolean): void {
    this.#core.candidates.setLive(peer, isUp);
    if (isUp) return this.#core.send([peer], "ready", { ...this.#core.options.ready });
    const attempt = this.#core.attempt;
    const index = attempt?.members.indexOf(peer) ?? -1;
    if (!attempt || index < 0) return;
    const isLost = attempt.stage === "proposing" ||
      (attempt.stage === "accepted" && attempt.proposal.leader === peer) ||
      !this.#core.isCommitReachable(attempt);
    if (isLost) return this.#endings.drop("member down", []);
    if (attempt.stage === "reducing" || attempt.stage === "accepted") {
      this.#reduce.step(attempt, attempt.reduce.memberDown(index, this.#core.nowMs));
    }
  }

  // ── ready and group ───────────────────────────────────────────────────────────────────────────────────────────

  #onReady(from: Hotkey, ready: Header<"ready">): void {
    const own = this.#core.options.ready;
    if (ready.hotkey !== from || !verifyReady(ready, this.#core.deps.verify)) {
      throw refuse(
        "allreduce/bad-signature",
        `read a ready of ${from}: it is not signed by ${from}, its own is required`,
      );
    }
    if (ready.codec !== own.codec || ready.runId !== own.runId) return;
    if (!isFairOffer(ready, this.#core.options.shape)) {
      throw refuse(
        "allreduce/bad-message",
        `read a ready of ${from}: ${ready.samples} samples in ${ready.innerSteps} inner steps, what the run ` +
          `allows is required`,
      );
    }
    if (ready.anchorRoot !== own.anchorRoot) {
      this.#core.candidates.addElsewhere(from);
      return this.#core.emit("root-mismatch", { peer: from, theirs: ready.anchorRoot, ours: own.anchorRoot });
    }
    this.#core.candidates.add(ready);
    if (!this.#core.attempt && !this.#endings.isPulling) this.#leadIfDue();
  }

  /** Rank r leads after r leader timeouts: the first live candidate at once, the next when it stays silent. */
  #leadIfDue(): void {
    const isRetry = this.#core.highestSeen >= 0;
    const isTime = isRetry || this.#core.candidates.isComplete(this.#core.expected) ||
      this.#core.block >= this.#core.options.deadlineBlock;
    const group = isTime
      ? this.#core.candidates.group(this.#core.nowMs, (hotkeys) => this.#core.isAllowed(hotkeys))
      : [];
    const hotkeys = group.map((r) => r.hotkey);
    if (!isTime || !this.#core.isAllowed(hotkeys)) {
      this.#core.idleSinceMs = undefined;
      return;
    }
    if (this.#core.nowMs < this.#core.pausedUntilMs) return;
    this.#core.idleSinceMs ??= this.#core.nowMs;
    const rank = hotkeys.indexOf(this.#core.self);
    if (this.#core.nowMs - this.#core.idleSinceMs < rank * this.#core.deps.pace.timeouts.leaderTimeoutMs) {
      return;
    }
    if (rank > 0) this.#core.deps.pace.expired("lead");
    this.#propose(group);
  }

  #propose(group: readonly Offer[]): void {
    const { shape, ready } = this.#core.options;
    const { runId, outerStep, anchorRoot, codec } = ready;
    const proposal: Proposal = {
      runId,
      outerStep,
      anchorRoot,
      codec,
      attempt: Math.max(this.#core.highestSeen, this.#core.lock.promised) + 1,
      leader: this.#core.self,
      block: this.#core.block,
      elementCount: shape.elementCount,
      chunkElements: shape.chunkElements,
      ...(shape.meshMembers === undefined ? {} : { meshMembers: shape.meshMembers }),
      members: group.map(bareOffer),
    };
    const digest = proposalDigest(proposal);
    const signature = this.#core.sign(proposePayload(digest));
    const accept = this.#acceptProposal({ proposal, signature }, digest, "proposing");
    this.#tell({ proposal, signature });
    this.#countAccept(accept);
  }

  /** Those who are to hear of a proposal from us. */
  #tell({ proposal, signature }: Proposed): void {
    const audience = audienceOf(proposal, this.#core.self);
    if (planOf(proposal).grid) this.#core.send(audience, "outline", outlineOf(proposal, signature));
    else this.#core.send(audience, "propose", { proposal, signature });
  }

  #onOutline(from: Hotkey, outline: Header<"outline">): void {
    const { shape, ready } = this.#core.options;
    const proposal = proposalFrom(
      outline,
      shape,
      ready.anchorRoot,
      (name) => this.#core.candidates.named(name),
    );
    if (proposal) return this.#onPropose(from, { proposal, signature: outline.signature });
    const { runId, outerStep, attempt, proposalDigest } = outline;
    this.#core.send([from], "want", { runId, outerStep, attempt, proposalDigest });
  }

  /** Once a member. */
  #onWant(from: Hotkey, { proposalDigest: digest }: Header<"want">): void {
    const attempt = this.#core.attempt;
    if (attempt?.digest !== digest || attempt.wanted.has(from)) return;
    if (!audienceOf(attempt.proposal, this.#core.self).includes(from)) return;
    attempt.wanted.add(from);
    this.#core.send([from], "propose", { proposal: attempt.proposal, signature: attempt.signature });
  }

  #onPropose(from: Hotkey, { proposal, signature }: Proposed): void {
    const { shape, ready } = this.#core.options;
    const { leader } = proposal;
    const digest = proposalDigest(proposal);
    if (!this.#core.deps.verify(leader, proposePayload(digest), fromHex(signature))) {
      throw refuse(
        "allreduce/bad-signature",
        `read a proposal from ${from}: it is not signed by its leader ${leader}, that is required`,
      );
    }
    const answer = (reason: string) =>
      this.#core.send([leader], "refuse", {
        ...this.#core.ballot(proposal, digest),
        promised: this.#core.lock.promised,
        reason,
      });
    if (proposal.anchorRoot !== ready.anchorRoot) {
      this.#core.emit("root-mismatch", { peer: leader, theirs: proposal.anchorRoot, ours: ready.anchorRoot });
      return answer("root");
    }
    checkProposal(proposal, shape, {
      verify: this.#core.deps.verify,
      isMember: this.#core.deps.isMember,
      isKnownOffer: (offer) => this.#core.candidates.knows(offer),
    });
    const own = proposal.members.find((m) => m.hotkey === this.#core.self);
    if (!own) {
      throw refuse("allreduce/bad-proposal", `read a proposal from ${from}: it was sent to a non-member`);
    }
    this.#requireTeller(from, proposal);
    if (from === leader) this.#tell({ proposal, signature });
    if (own.signature !== ready.signature) return answer("stale offer");
    const highest = Math.max(this.#core.lock.promised, this.#core.highestSeen) + MAX_ATTEMPT_SKIP;
    if (proposal.attempt > highest) {
      this.#core.highestSeen = highest; // whoever was away catches up in a few of these
      return answer("attempt too high");
    }
    this.#core.highestSeen = Math.max(this.#core.highestSeen, proposal.attempt);
    if (proposal.attempt <= this.#core.lock.promised) return answer("promised");
    const objection = this.#core.objection(membersOf(proposal), proposal.block);
    if (objection) return answer(objection);
    const liar = this.#needlessLiar(membersOf(proposal));
    if (liar !== undefined) {
      this.#core.suspect(leader);
      return answer(`liar ${liar}`);
    }
    if (!this.#mayPreempt(leader)) return answer("busy");
    if (this.#core.idleSinceMs !== undefined) {
      this.#core.deps.pace.observe("lead", this.#core.nowMs - this.#core.idleSinceMs);
    }
    const accept = this.#acceptProposal({ proposal, signature }, digest, "accepted");
    this.#core.send([leader], "accept", accept);
  }

  /** @throws {SkeinError} `allreduce/bad-proposal` when it is neither the leader nor who passes on what it says */
  #requireTeller(from: Hotkey, proposal: Proposal): void {
    const teller = tellerOf(proposal, this.#core.self);
    if (from === proposal.leader || from === teller) return;
    throw refuse(
      "allreduce/bad-proposal",
      `read what ${from} passes on of ${proposal.leader}: ${teller} is required`,
    );
  }

  /** A member of the group that is proven to have lied, when the others may go on without it: two liars must not help each other. */
  #needlessLiar(group: readonly Hotkey[]): Hotkey | undefined {
    const isLiar = (hotkey: Hotkey) =>
      hotkey !== this.#core.self && this.#core.deps.suspicions.isConvicted(hotkey);
    const liar = group.find(isLiar);
    const others = group.filter((hotkey) => !isLiar(hotkey));
    return liar !== undefined && this.#core.isAllowed(others) ? liar : undefined;
  }

  /** A leader may start over; another may break in a few times: without a limit a liar could end every attempt. */
  #mayPreempt(from: Hotkey): boolean {
    if (!this.#core.attempt || this.#core.attempt.proposal.leader === from) return true;
    const count = (this.#preemptions.get(from) ?? 0) + 1;
    this.#preemptions.set(from, count);
    return count <= MAX_PREEMPTIONS;
  }

  /** From here on this member takes part in no lower attempt. */
  #acceptProposal(
    { proposal, signature: leadersSignature }: Proposed,
    digest: string,
    stage: "proposing" | "accepted",
  ): Header<"accept"> {
    if (this.#core.attempt) this.#core.forget(this.#core.attempt);
    const members = membersOf(proposal);
    const plan = planOf(proposal);
    this.#core.enter({
      proposal,
      digest,
      members,
      reduce: newReduction(
        plan,
        members.indexOf(this.#core.self),
        this.#core.deps.pace.timeouts,
        (phase, ms) => this.#core.deps.pace.observe(phase, ms),
      ),
      stage,
      sinceMs: this.#core.nowMs,
      accepts: new Map(),
      seals: new Seals(digest, members, this.#core.deps.verify),
      signature: leadersSignature,
      wanted: new Set(),
      sealsShown: new Set(),
    });
    this.#core.setLock({
      promised: proposal.attempt,
      groups: withGroup(this.#core.lock.groups, { attempt: proposal.attempt, members }),
    });
    this.#core.act({ type: "open", digest, proposal, plan });
    const full = this.#core.lock.lock;
    const lock = full && summaryOf(full);
    const holds = [...this.#core.held.keys()];
    const ballot = this.#core.ballot(proposal, digest);
    const signature = this.#core.sign(acceptPayload(ballot, { lock, holds }));
    return { ...ballot, lock, holds, full: full as Header<"accept">["full"], signature };
  }

  #onAccept(from: Hotkey, accept: Header<"accept">): void {
    const attempt = this.#core.attempt;
    if (attempt?.stage !== "proposing" || accept.proposalDigest !== attempt.digest) return;
    if (!attempt.members.includes(from)) return;
    if (!this.#core.deps.verify(from, acceptPayload(accept, accept), fromHex(accept.signature))) {
      throw refuse(
        "allreduce/bad-signature",
        `read an accept of ${from}: a wrong signature, its own is required`,
      );
    }
    try {
      this.#checkClaim(accept.lock, attempt.proposal);
      if (accept.lock) checkLock(orBad(accept.full), accept.lock, this.#proofRules);
    } catch (error) {
      this.#endings.drop("bad lock", [from]);
      throw error;
    }
    this.#core.deps.pace.observe("accept", this.#core.nowMs - attempt.sinceMs);
    this.#countAccept(accept, from);
  }

  #countAccept(accept: Header<"accept">, from: Hotkey = this.#core.self): void {
    const attempt = this.#core.attempt!;
    const { lock: claim, holds, signature } = accept;
    const record = { hotkey: from, lock: claim, holds, signature };
    attempt.accepts.set(from, { record, full: accept.full });
    if (attempt.accepts.size < attempt.members.length) return;
    const accepts = attempt.members.map((m) => attempt.accepts.get(m)!.record);
    const newest = newestClaim(accepts);
    const lock = newest &&
      [...attempt.accepts.values()].find(({ record }) => record.lock?.attempt === newest.attempt)!.full;
    const bound = bindingOf(accepts, lock, this.#proofRules);
    if (bound && bound.holders.length === 0 && !this.#core.isRecovery()) {
      this.#core.emit("lock-without-holder", { resultDigest: bound.lock.resultDigest });
      return this.#endings.drop("no holder of the locked result", []);
    }
    this.#core.send(audienceOf(attempt.proposal, this.#core.self), "begin", {
      ...this.#core.ballot(attempt.proposal, attempt.digest),
      ...briefly(attempt.proposal, accepts),
      lock,
    });
    this.#reduce.begin(attempt, bound);
  }

  /** @throws {SkeinError} `allreduce/bad-lock` when the claim is not from before this proposal */
  #checkClaim(claim: AcceptRecord["lock"], { attempt }: Proposal): void {
    if (claim === null || claim.attempt < attempt) return;
    throw refuse(
      "allreduce/bad-lock",
      `check a lock: a claim of attempt ${claim.attempt}, one below ${attempt} is required`,
    );
  }

  get #proofRules() {
    const { anchorRoot, outerStep, runId } = this.#core.options.ready;
    return {
      verify: this.#core.deps.verify,
      checkProposal: (p: Proposal) => {
        if (p.anchorRoot !== anchorRoot || p.outerStep !== outerStep || p.runId !== runId) {
          throw refuse("allreduce/bad-lock", "check a lock: it is of another round, this one is required");
        }
        checkProposal(p, this.#core.options.shape, {
          ...this.#core.deps,
          isMember: (h) => this.#core.deps.isMember(h),
          isKnownOffer: (o) => this.#core.candidates.knows(o),
        });
      },
    };
  }

  #onRefuse(from: Hotkey, answer: Header<"refuse">): void {
    const attempt = this.#core.attempt;
    if (attempt?.stage !== "proposing" || answer.proposalDigest !== attempt.digest) return;
    if (!attempt.members.includes(from)) return;
    this.#core.highestSeen = Math.max(
      this.#core.highestSeen,
      Math.min(
        answer.promised,
        Math.max(this.#core.lock.promised, this.#core.highestSeen) + MAX_ATTEMPT_SKIP - 1,
      ),
    );
    const count = (this.#refusals.get(from) ?? 0) + 1;
    this.#refusals.set(from, count);
    const [reason, liar] = answer.reason.split(" ");
    const isInnocent = INNOCENT_REFUSALS.includes(reason) && count <= MAX_REFUSALS;
    const accused = reason === "liar" && attempt.members.includes(liar) ? [liar] : [];
    this.#endings.drop(`refused: ${answer.reason}`, isInnocent ? accused : [from]);
  }

  #onBegin(from: Hotkey, begin: Header<"begin">): void {
    const attempt = this.#core.attempt;
    if (attempt?.stage !== "accepted" || begin.proposalDigest !== attempt.digest) return;
    this.#requireTeller(from, attempt.proposal);
    const accepts = acceptsOf(attempt.proposal, begin);
    const hasAll = accepts.length === attempt.members.length &&
      accepts.every((a, i) => a.hotkey === attempt.members[i]);
    if (!hasAll) {
      throw refuse("allreduce/bad-begin", `read a begin: accepts of other than all members in order`);
    }
    for (const accept of accepts) {
      this.#checkClaim(accept.lock, attempt.proposal);
      if (!this.#core.deps.verify(accept.hotkey, acceptPayload(begin, accept), fromHex(accept.signature))) {
        throw refuse(
          "allreduce/bad-begin",
          `read a begin: a wrong signature of ${accept.hotkey}, its accept is required`,
        );
      }
    }
    this.#core.deps.pace.observe("begin", this.#core.nowMs - attempt.sinceMs);
    const bound = bindingOf(accepts, begin.lock, this.#proofRules);
    if (bound && bound.holders.length === 0 && !this.#core.isRecovery(attempt.proposal.block)) {
      throw refuse(
        "allreduce/bad-begin",
        "read a begin: it drops a locked result, carrying it forward is required",
      );
    }
    this.#core.send(audienceOf(attempt.proposal, this.#core.self), "begin", begin);
    this.#reduce.begin(attempt, bound);
  }
}

/** Each set of members once, with its latest attempt: what a later group must cut does not depend on the attempt. */
function withGroup(groups: RoundLock["groups"], group: RoundLock["groups"][number]): RoundLock["groups"] {
  const key = group.members.join();
  return [...groups.filter(({ members }) => members.join() !== key), group];
}

/** @throws {SkeinError} `allreduce/bad-lock` */
function orBad(lock: Lock | null): Lock {
  if (lock !== null) return lock;
  throw refuse("allreduce/bad-lock", "check a lock: a claim without its lock, the lock in full is required");
}

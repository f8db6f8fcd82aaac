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
import type { Attempt, OwnVote, Proposed } from "./attempt.ts";
import { resultDigestOf } from "./certificate.ts";
import { refuse } from "./errors.ts";
import { audienceOf, suspectsOf, tellerOf } from "./grid_relay.ts";
import {
  acceptPayload,
  type AcceptRecord,
  type Binding,
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
import { quorumOf } from "./quorum.ts";
import type { ReduceAction } from "./reduce_machine.ts";
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
import { sealPayload, Seals, spanDigestOf } from "./seals.ts";
import { votePayload, type VotePhase } from "./votes.ts";

/** Attempts may be skipped, but not so far that the numbers run out. */
const MAX_ATTEMPT_SKIP = 64;
/** So often in a round a member may break into an attempt that another leads, or refuse one, without being suspected. */
const MAX_PREEMPTIONS = 2;
const MAX_REFUSALS = 5;
const MAX_COMPLAINTS = 2;
/** It says more of us than of whoever refuses. */
const INNOCENT_REFUSALS = ["promised", "busy", "liar", "attempt"];

export class RoundMachine {
  #core: RoundCore;
  #endings: RoundEndings;
  #complaints = new Map<Hotkey, number>();
  #preemptions = new Map<Hotkey, number>();
  #refusals = new Map<Hotkey, number>();

  constructor(options: RoundMachineOptions, deps: RoundMachineDeps, nowMs: number) {
    this.#core = new RoundCore(options, deps, nowMs);
    this.#endings = new RoundEndings(this.#core);
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
        return this.#onVote(event.type, event.from, event.header);
      case "seals":
        return this.#onSeals(event.from, event.header);
      case "complaint":
        return this.#onComplaint(event.from, event.header);
      case "certificate":
        return this.#endings.onCertificate(event.certificate);
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
      this.#reduceStep(attempt, attempt.reduce.tick(nowMs));
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
      this.#reduceStep(attempt, attempt.reduce.memberDown(index, this.#core.nowMs));
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
    this.#begin(attempt, bound);
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
    this.#begin(attempt, bound);
  }

  // ── reduce ────────────────────────────────────────────────────────────────────────────────────────────────────

  #begin(attempt: Attempt, bound: Binding | null): void {
    const carried = bound && bound.holders.length > 0 ? bound.lock : null;
    attempt.sinceMs = this.#core.nowMs;
    this.#core.emit("round-began", {
      outerStep: attempt.proposal.outerStep,
      attempt: attempt.proposal.attempt,
      members: attempt.members.length,
      isCarried: carried !== null,
    });
    if (!carried) {
      attempt.stage = "reducing";
      this.#reduceStep(attempt, attempt.reduce.begin(this.#core.nowMs));
      for (let i = 0; i < attempt.members.length && this.#core.attempt === attempt; i++) {
        if (this.#core.candidates.isLive(attempt.members[i])) continue;
        this.#reduceStep(attempt, attempt.reduce.memberDown(i, this.#core.nowMs));
      }
      return;
    }
    attempt.stage = "carrying";
    attempt.carried = carried;
    if (this.#core.held.has(carried.resultDigest)) {
      return this.#vote(attempt, carried.origin, carried.resultDigest);
    }
    const sources = bound!.holders.filter((h) => h !== this.#core.self);
    this.#core.act({
      type: "fetch",
      resultDigest: carried.resultDigest,
      origin: carried.origin,
      sources,
    });
  }

  #onReduceEvent(
    event: Extract<
      RoundEvent,
      {
        type:
          | "contributed"
          | "corrupt"
          | "summed"
          | "partial"
          | "reduced"
          | "reduce-failed"
          | "result"
          | "corrupt-result";
      }
    >,
  ): void {
    const attempt = this.#core.attemptAt(event.digest);
    if (!attempt) return;
    if (event.type === "reduced") {
      return this.#reduceStep(
        attempt,
        attempt.reduce.reduced(event.chunk, event.chunkDigest, this.#core.nowMs),
      );
    }
    if (event.type === "summed") {
      return this.#reduceStep(attempt, attempt.reduce.summed?.(event.chunk, this.#core.nowMs) ?? []);
    }
    const sender = memberIndexOf(attempt.proposal, event.from);
    if (sender < 0) return;
    if (event.type === "partial") {
      return this.#reduceStep(attempt, attempt.reduce.partial?.(sender, event.chunk, this.#core.nowMs) ?? []);
    }
    if (event.type === "reduce-failed") {
      return this.#reduceStep(
        attempt,
        attempt.reduce.failed(event.chunk, sender, event.code, this.#core.nowMs),
      );
    }
    if (event.type === "contributed") {
      this.#reduceStep(attempt, attempt.reduce.contributed(sender, event.chunk, this.#core.nowMs));
    } else if (event.type === "corrupt") {
      this.#reduceStep(attempt, attempt.reduce.exclude(sender, event.code, this.#core.nowMs, event.chunk));
    } else if (event.type === "result") {
      this.#onResult(attempt, sender, event);
    } else if (attempt.stage === "reducing") {
      this.#complain(attempt, [event.from]);
    }
  }

  /**
   * @param sender the chunk's reducer, or in a grid who passes its results on
   * @throws {SkeinError} `allreduce/corrupt-result` when the reducer's span is complete and not sealed by it
   */
  #onResult(attempt: Attempt, sender: number, event: Extract<RoundEvent, { type: "result" }>): void {
    const actions = attempt.reduce.result(sender, event.chunk, event.chunkDigest, this.#core.nowMs);
    const reducer = planOf(attempt.proposal).chunks[event.chunk]?.reducer ?? sender;
    if (!attempt.reduce.owes(reducer) && !this.#isSealed(attempt, reducer, event.seal)) {
      this.#complain(attempt, [event.from]);
      throw refuse(
        "allreduce/corrupt-result",
        `read result ${event.chunk} of ${event.from}: the span is not sealed, its signature is required`,
      );
    }
    this.#reduceStep(attempt, actions);
  }

  #isSealed(attempt: Attempt, reducer: number, seal: string | null): boolean {
    if (attempt.seals.of(reducer)) return true;
    const spanDigest = spanDigestOf(attempt.reduce.digestsOf(reducer));
    return seal !== null && attempt.seals.add(reducer, { spanDigest, seal });
  }

  /** Our own seal, with the last chunk of our span. */
  #sealOwn(attempt: Attempt): string | null {
    const own = attempt.members.indexOf(this.#core.self);
    if (attempt.reduce.owes(own)) return null;
    const spanDigest = spanDigestOf(attempt.reduce.digestsOf(own));
    const seal = this.#core.sign(sealPayload(attempt.digest, spanDigest));
    attempt.seals.add(own, { spanDigest, seal });
    return seal;
  }

  /** What goes with a reducer's last chunk when it is passed on. */
  #sealOf(attempt: Attempt, chunk: number): string | null {
    const { reducer } = planOf(attempt.proposal).chunks[chunk];
    return attempt.reduce.owes(reducer) ? null : attempt.seals.of(reducer)?.seal ?? null;
  }

  #reduceStep(attempt: Attempt, actions: readonly ReduceAction[]): void {
    const stalled: Hotkey[] = [];
    for (const action of actions) {
      if (this.#core.attempt !== attempt) return;
      if (action.type === "stalled") stalled.push(attempt.members[action.reducer]);
      else if (action.type === "complete") this.#completed(attempt, action.chunkDigests);
      else if (action.type === "publish") {
        const sealed = { ...action, seal: this.#sealOwn(attempt) };
        this.#core.act({ type: "reduce", digest: attempt.digest, action: sealed });
      } else if (action.type === "forward") {
        const sealed = { ...action, seal: this.#sealOf(attempt, action.chunk) };
        this.#core.act({ type: "reduce", digest: attempt.digest, action: sealed });
      } else this.#core.act({ type: "reduce", digest: attempt.digest, action });
      if (action.type === "excluded") {
        if (action.code === "allreduce/late") this.#core.deps.pace.expired("sender");
        this.#core.emit("sender-excluded", {
          peer: attempt.members[action.sender],
          chunk: action.chunk,
          code: action.code,
        });
      }
    }
    if (stalled.some((hotkey) => this.#core.candidates.isLive(hotkey))) {
      this.#core.deps.pace.expired("reducer");
    }
    if (stalled.length > 0 && attempt.stage === "reducing") this.#complain(attempt, stalled);
    else if (stalled.length > 0) this.#endings.drop("member down", stalled);
  }

  #completed(attempt: Attempt, chunkDigests: string): void {
    const resultDigest = resultDigestOf(attempt.digest, chunkDigests);
    this.#core.hold(resultDigest, chunkDigests);
    this.#core.act({
      type: "hold",
      digest: attempt.digest,
      origin: attempt.proposal,
      resultDigest,
      chunkDigests,
    });
    if (this.#endings.isAwaited) return this.#endings.settle(attempt);
    this.#vote(attempt, attempt.proposal, resultDigest);
  }

  #complain(attempt: Attempt, suspects: readonly Hotkey[]): void {
    // Nobody else acts on it.
    const { leader } = attempt.proposal;
    this.#core.send(leader === this.#core.self ? [] : [leader], "complaint", {
      ...this.#core.ballot(attempt.proposal, attempt.digest),
      suspects: [...suspects],
    });
    this.#endings.drop("stalled", suspects);
  }

  /**
   * The leader starts over without the accused, if they may have stalled as it sees them; otherwise it goes on without the
   * accuser, who has given up. A member that keeps accusing is left out as well, and so is one whose word is all that
   * speaks against the member of its row that passes results on.
   */
  #onComplaint(from: Hotkey, complaint: Header<"complaint">): void {
    const attempt = this.#core.attempt;
    if (
      !attempt || complaint.proposalDigest !== attempt.digest || attempt.proposal.leader !== this.#core.self
    ) {
      return;
    }
    if (!attempt.members.includes(from)) return;
    const complaintCount = (this.#complaints.get(from) ?? 0) + 1;
    this.#complaints.set(from, complaintCount);
    const { proposal, reduce } = attempt;
    const known = complaint.suspects.filter((h) => h !== this.#core.self && memberIndexOf(proposal, h) >= 0);
    const accused = known.filter((hotkey) => reduce.owes(memberIndexOf(proposal, hotkey)));
    const accuser = memberIndexOf(proposal, from);
    const relays = known.filter((hotkey) => reduce.passesOn?.(memberIndexOf(proposal, hotkey), accuser));
    if (complaintCount > MAX_COMPLAINTS || accused.length === 0) accused.push(...relays, from);
    const isIdle = accused.length === 1 && accused[0] === from;
    if (isIdle && attempt.members.length - 1 >= quorumOf(attempt.members.length)) {
      return this.#core.suspect(from);
    }
    this.#endings.drop("complaint", accused);
  }

  // ── commit ────────────────────────────────────────────────────────────────────────────────────────────────────

  #vote(attempt: Attempt, origin: Proposal, resultDigest: string): void {
    const { proposal, digest } = attempt;
    attempt.stage = "voting";
    attempt.sinceMs = this.#core.nowMs;
    this.#core.ownVote = { digest, proposal, origin, resultDigest };
    this.#cast("vote", this.#core.ownVote);
    this.#prepareIfQuorum(digest, resultDigest);
    this.#checkConflict(attempt);
    if (this.#core.attempt === attempt && !this.#core.isCommitReachable(attempt) && !attempt.sealsFrom) {
      this.#endings.drop("no quorum in reach", []);
    }
  }

  #cast(phase: VotePhase, { digest, proposal, resultDigest }: OwnVote): void {
    const ballot = { ...this.#core.ballot(proposal, digest), resultDigest };
    const signature = this.#core.sign(votePayload(phase, ballot));
    this.#core.send(this.#core.others(proposal), phase, { ...ballot, signature });
    this.#core.votes.add(phase, digest, this.#core.self, resultDigest, signature);
  }

  #onVote(phase: VotePhase, from: Hotkey, vote: Header<"vote">): void {
    const proposal = this.#core.votes.proposal(vote.proposalDigest);
    if (!proposal || proposal.attempt !== vote.attempt || memberIndexOf(proposal, from) < 0) return;
    if (!this.#core.deps.verify(from, votePayload(phase, vote), fromHex(vote.signature))) {
      throw refuse(
        "allreduce/bad-signature",
        `read a ${phase} of ${from}: a wrong signature, its own is required`,
      );
    }
    try {
      this.#core.votes.add(phase, vote.proposalDigest, from, vote.resultDigest, vote.signature);
    } catch (error) {
      this.#core.convict(from, `two ${phase}s`);
      throw error;
    }
    const { stage, sinceMs, digest } = this.#core.attempt ?? {};
    if (digest === vote.proposalDigest && (stage === "voting" || stage === "committing")) {
      this.#core.deps.pace.observe("vote", this.#core.nowMs - sinceMs!);
    }
    if (phase === "commit") return this.#commitIfQuorum(vote.proposalDigest, vote.resultDigest);
    this.#prepareIfQuorum(vote.proposalDigest, vote.resultDigest);
    if (this.#core.attempt?.digest === vote.proposalDigest) this.#checkConflict(this.#core.attempt);
  }

  /** Locks what has a quorum of votes, and commits to it; unless a higher attempt has been promised since. */
  #prepareIfQuorum(digest: string, resultDigest: string): void {
    const own = this.#core.ownVote;
    if (own?.digest !== digest || own.resultDigest !== resultDigest) return;
    const { proposal, origin } = own;
    const { attempt } = proposal;
    if (this.#core.lock.promised !== attempt || this.#core.lock.lock?.attempt === attempt) return;
    const votes = this.#core.votes.quorum("vote", digest, resultDigest);
    if (!votes) return;
    this.#core.setLock({ lock: { attempt, proposal, origin, resultDigest, votes } });
    if (this.#core.attempt?.digest === digest) {
      this.#core.attempt.stage = "committing";
      this.#core.attempt.sinceMs = this.#core.nowMs;
    }
    this.#cast("commit", own);
    this.#commitIfQuorum(digest, resultDigest);
  }

  #commitIfQuorum(digest: string, resultDigest: string): void {
    const votes = this.#core.votes.quorum("commit", digest, resultDigest);
    const chunkDigests = this.#core.held.get(resultDigest);
    const own = this.#core.ownVote;
    if (!votes || chunkDigests === undefined || own?.digest !== digest || own.resultDigest !== resultDigest) {
      return;
    }
    const { proposal, origin } = own;
    const { runId, outerStep, attempt } = proposal;
    this.#core.finish({
      kind: "committed",
      certificate: { runId, outerStep, attempt, proposal, origin, resultDigest, chunkDigests, votes },
      attempts: this.#core.attemptCount,
    });
  }

  // ── who lied ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Members voted for different results: show what we received, by reducer, and see what they did. */
  #checkConflict(attempt: Attempt): void {
    if (attempt.stage !== "voting" && attempt.stage !== "committing") return;
    const others = this.#core.votes.others(attempt.digest, this.#core.ownVote!.resultDigest);
    if (others.length === 0) return;
    if (attempt.carried) {
      for (const hotkey of others) {
        this.#core.convict(hotkey, "a vote for another result than the locked one");
      }
      return this.#dropIfHopeless(attempt, others);
    }
    attempt.sealsFrom ??= new Set();
    // Of a large group only to those who voted otherwise: a thousand seals are hundreds of kilobytes.
    const audience = planOf(attempt.proposal).grid ? others : this.#core.others(attempt.proposal);
    const unshown = audience.filter((hotkey) => !attempt.sealsShown.has(hotkey));
    if (unshown.length === 0) return;
    for (const hotkey of unshown) attempt.sealsShown.add(hotkey);
    const spans = attempt.seals.list();
    this.#core.send(unshown, "seals", { ...this.#core.ballot(attempt.proposal, attempt.digest), spans });
  }

  #onSeals(from: Hotkey, { proposalDigest: digest, spans }: Header<"seals">): void {
    const attempt = this.#core.attempt;
    if (attempt?.digest !== digest || !attempt.members.includes(from)) return;
    if (attempt.stage !== "voting" && attempt.stage !== "committing") return;
    this.#checkConflict(attempt);
    attempt.sealsFrom?.add(from);
    const liars = attempt.seals.equivocators(spans);
    const others = this.#core.votes.others(digest, this.#core.ownVote!.resultDigest);
    if (liars.length === 0 && others.includes(from)) liars.push(from);
    for (const liar of liars) {
      this.#core.convict(liar, liar === from ? "a vote for what it did not receive" : "two seals");
    }
    const isHeard = others.every((hotkey) => attempt.sealsFrom?.has(hotkey));
    if (isHeard) this.#dropIfHopeless(attempt, liars);
  }

  #dropIfHopeless(attempt: Attempt, liars: readonly Hotkey[]): void {
    if (this.#core.attempt === attempt && !this.#core.isCommitReachable(attempt)) {
      this.#endings.drop("votes differ", liars);
    }
  }

  // ── committed elsewhere ───────────────────────────────────────────────────────────────────────────────────────

  #onFetched(resultDigest: string, chunkDigests: string): void {
    this.#core.hold(resultDigest, chunkDigests);
    if (this.#endings.pulled(resultDigest)) return;
    const attempt = this.#core.attempt;
    if (attempt?.stage === "carrying" && attempt.carried?.resultDigest === resultDigest) {
      this.#vote(attempt, attempt.carried.origin, resultDigest);
    }
  }

  #onFetchFailed(resultDigest: string): void {
    if (this.#endings.pullFailed(resultDigest)) return;
    if (
      this.#core.attempt?.stage === "carrying" && this.#core.attempt.carried?.resultDigest === resultDigest
    ) {
      this.#endings.drop("the locked result could not be fetched", []);
    }
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

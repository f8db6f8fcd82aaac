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
import { fromHex, toHex } from "../base/bytes.ts";
import type { Hotkey, Signer, VerifySignature } from "../base/transport.ts";
import { Candidates, groupObjection } from "./candidates.ts";
import { type Certificate, mayGoOn, resultDigestOf } from "./certificate.ts";
import { refuse } from "./errors.ts";
import { audienceOf, suspectsOf, tellerOf } from "./grid_relay.ts";
import {
  acceptPayload,
  type AcceptRecord,
  type Binding,
  bindingOf,
  checkLock,
  type Lock,
  MAX_HOLDS,
  newestClaim,
  type RoundLock,
  summaryOf,
} from "./lock.ts";
import type { Header } from "./messages.ts";
import { acceptsOf, bareOffer, briefly, outlineOf, proposalFrom } from "./outline.ts";
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
import { orderKey } from "./order.ts";
import type { Pace, Phase } from "./pace.ts";
import type { ReduceAction } from "./reduce_machine.ts";
import { newReduction, type Reduction } from "./reduction.ts";
import { quorumOf } from "./quorum.ts";
import type { RoundAction, RoundEnd, RoundEvent, RoundMachineOptions } from "./round_types.ts";
import { sealPayload, Seals, spanDigestOf } from "./seals.ts";
import type { Suspicions } from "./suspicions.ts";
import { VoteBox, votePayload, type VotePhase } from "./votes.ts";

export interface RoundMachineDeps {
  readonly signer: Signer;
  readonly verify: VerifySignature;
  /** These outlive the round. */
  readonly suspicions: Suspicions;
  readonly pace: Pace;
  isMember(hotkey: Hotkey): boolean;
}

/** Attempts may be skipped, but not so far that the numbers run out. */
const MAX_ATTEMPT_SKIP = 64;
/** So often in a round a member may break into an attempt that another leads, or refuse one, without being suspected. */
const MAX_PREEMPTIONS = 2;
const MAX_REFUSALS = 5;
const MAX_COMPLAINTS = 2;
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 10_000;
/** It says more of us than of whoever refuses. */
const INNOCENT_REFUSALS = ["promised", "busy", "liar", "attempt"];

interface Attempt {
  readonly proposal: Proposal;
  readonly digest: string;
  readonly members: readonly Hotkey[];
  readonly reduce: Reduction;
  stage: "proposing" | "accepted" | "reducing" | "carrying" | "voting" | "committing";
  sinceMs: number;
  readonly accepts: Map<Hotkey, { record: AcceptRecord; full: Lock | null }>;
  readonly seals: Seals;
  /** The leader's, of the proposal; and who has asked us for it. */
  readonly signature: string;
  readonly wanted: Set<Hotkey>;
  /** Who has shown us its seals; we show ours when this is not undefined. */
  sealsFrom?: Set<Hotkey>;
  readonly sealsShown: Set<Hotkey>;
  carried?: Lock;
}

/** With its leader's signature. */
interface Proposed {
  readonly proposal: Proposal;
  readonly signature: string;
}

/** What this member voted for last. */
interface OwnVote {
  readonly digest: string;
  readonly proposal: Proposal;
  readonly origin: Proposal;
  readonly resultDigest: string;
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
  #ownVote: OwnVote | undefined;
  #complaints = new Map<Hotkey, number>();
  #preemptions = new Map<Hotkey, number>();
  #refusals = new Map<Hotkey, number>();
  #pulling: Certificate | undefined;
  /** Committed by the others while its result is still coming in here: no need to ask for it again. */
  #awaited: Certificate | undefined;
  #end: RoundEnd | undefined;
  #nowMs: number;
  #block = 0;
  #expected: readonly Hotkey[] = [];
  /** When leading became possible, or the last attempt ended (in the future: back-off). */
  #idleSinceMs: number | undefined;
  #pausedUntilMs = -Infinity;
  #actions: RoundAction[] = [];

  constructor(options: RoundMachineOptions, deps: RoundMachineDeps, nowMs: number) {
    const { runId, outerStep, anchorRoot } = options.ready;
    this.#options = options;
    this.#deps = deps;
    this.#self = options.ready.hotkey;
    this.#nowMs = nowMs;
    this.#candidates = new Candidates(options.shape, options.ready, options.live, deps.suspicions);
    this.#held = new Map(options.held ?? []);
    const lock = options.lock;
    this.#lock =
      lock && lock.runId === runId && lock.outerStep === outerStep && lock.anchorRoot === anchorRoot
        ? lock
        : { runId, outerStep, anchorRoot, promised: -1, groups: [], lock: null };
    this.#highestSeen = this.#lock.promised;
    if (this.#lock.lock) {
      const { proposal, origin, resultDigest } = this.#lock.lock;
      const digest = proposalDigest(proposal);
      this.#votes.open(digest, proposal);
      this.#ownVote = { digest, proposal, origin, resultDigest };
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
    const sender = attempt ? memberIndexOf(attempt.proposal, from) : -1;
    return attempt !== undefined && sender >= 0 && attempt.reduce.wants(sender, chunk);
  }

  /** Is this row's sum of a chunk of ours still wanted? */
  wantsPartial(digest: string, from: Hotkey, chunk: number): boolean {
    const attempt = this.#attemptAt(digest);
    const sender = attempt ? memberIndexOf(attempt.proposal, from) : -1;
    return attempt?.reduce.wantsPartial?.(sender, chunk) ?? false;
  }

  /** Does its reducer still owe us this result? */
  wantsResult(digest: string, from: Hotkey, chunk: number): boolean {
    const attempt = this.#attemptAt(digest);
    const reducer = attempt ? memberIndexOf(attempt.proposal, from) : -1;
    return attempt !== undefined && reducer >= 0 && attempt.reduce.wantsResult(reducer, chunk);
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
    const { pace } = this.#deps;
    const { timeouts } = pace;
    const ageMs = nowMs - attempt.sinceMs;
    const expire = (phase: Phase, reason: string, suspects: readonly Hotkey[]) => {
      pace.expired(phase);
      this.#drop(reason, suspects);
    };
    if (attempt.stage === "proposing" && ageMs > timeouts.acceptTimeoutMs) {
      const silent = attempt.members.filter((m) => !attempt.accepts.has(m));
      expire("accept", "no accept", suspectsOf(attempt.proposal, silent));
    } else if (attempt.stage === "accepted" && ageMs > timeouts.beginTimeoutMs) {
      const { proposal } = attempt;
      expire("begin", "no begin", [...new Set([proposal.leader, tellerOf(proposal, this.#self)])]);
    } else if (attempt.stage === "carrying" && ageMs > timeouts.reducerTimeoutMs) {
      this.#drop("no result to carry", []);
    } else if (attempt.stage === "voting" && ageMs > timeouts.voteTimeoutMs) {
      const others = this.#votes.others(attempt.digest, this.#ownVote!.resultDigest);
      const hiding = others.filter((hotkey) => !attempt.sealsFrom?.has(hotkey));
      expire("vote", "no quorum", [...this.#votes.silent("vote", attempt.digest), ...hiding]);
    } else if (attempt.stage === "committing" && ageMs > timeouts.voteTimeoutMs) {
      expire("vote", "no commit", this.#votes.silent("commit", attempt.digest));
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
      !this.#isCommitReachable(attempt);
    if (isLost) return this.#drop("member down", []);
    if (attempt.stage === "reducing" || attempt.stage === "accepted") {
      this.#reduceStep(attempt, attempt.reduce.memberDown(index, this.#nowMs));
    }
  }

  /** While voting or committing: can the ballot still get its quorum, if only live members answer from now on? */
  #isCommitReachable(attempt: Attempt): boolean {
    if (attempt.stage !== "voting" && attempt.stage !== "committing") return true;
    const phase = attempt.stage === "voting" ? "vote" : "commit";
    const { resultDigest } = this.#ownVote!;
    return this.#votes.isReachable(phase, attempt.digest, resultDigest, (h) => this.#candidates.isLive(h));
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
    if (!isFairOffer(ready, this.#options.shape)) {
      throw refuse(
        "allreduce/bad-message",
        `read a ready of ${from}: ${ready.samples} samples in ${ready.innerSteps} inner steps, what the run ` +
          `allows is required`,
      );
    }
    if (ready.anchorRoot !== own.anchorRoot) {
      this.#candidates.addElsewhere(from);
      return this.#emit("root-mismatch", { peer: from, theirs: ready.anchorRoot, ours: own.anchorRoot });
    }
    this.#candidates.add(ready);
    if (!this.#attempt && !this.#pulling) this.#leadIfDue();
  }

  get #recoveryBlock(): number {
    return this.#options.deadlineBlock + this.#options.recoveryBlocks;
  }

  /** By our own height, and by that of the proposal if it is another's. */
  #isRecovery(block = this.#block): boolean {
    return Math.min(block, this.#block) >= this.#recoveryBlock;
  }

  #objection(group: readonly Hotkey[], block = this.#block): string | undefined {
    return groupObjection(group, {
      previousMembers: this.#options.previousMembers,
      earlierGroups: this.#lock.groups,
      present: this.#isRecovery(block) ? this.#candidates.present() : undefined,
    });
  }

  #isAllowed(group: readonly Hotkey[]): boolean {
    return group.length >= this.#options.shape.minGroup && this.#objection(group) === undefined;
  }

  /** Rank r leads after r leader timeouts: the first live candidate at once, the next when it stays silent. */
  #leadIfDue(): void {
    const isRetry = this.#highestSeen >= 0;
    const isTime = isRetry || this.#candidates.isComplete(this.#expected) ||
      this.#block >= this.#options.deadlineBlock;
    const group = isTime ? this.#candidates.group(this.#nowMs, (hotkeys) => this.#isAllowed(hotkeys)) : [];
    const hotkeys = group.map((r) => r.hotkey);
    if (!isTime || !this.#isAllowed(hotkeys)) {
      this.#idleSinceMs = undefined;
      return;
    }
    if (this.#nowMs < this.#pausedUntilMs) return;
    this.#idleSinceMs ??= this.#nowMs;
    const rank = hotkeys.indexOf(this.#self);
    if (this.#nowMs - this.#idleSinceMs < rank * this.#deps.pace.timeouts.leaderTimeoutMs) return;
    if (rank > 0) this.#deps.pace.expired("lead");
    this.#propose(group);
  }

  #propose(group: readonly Offer[]): void {
    const { shape, ready } = this.#options;
    const { runId, outerStep, anchorRoot, codec } = ready;
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
      ...(shape.meshMembers === undefined ? {} : { meshMembers: shape.meshMembers }),
      members: group.map(bareOffer),
    };
    const digest = proposalDigest(proposal);
    const signature = toHex(this.#deps.signer.sign(proposePayload(digest)));
    const accept = this.#acceptProposal({ proposal, signature }, digest, "proposing");
    this.#tell({ proposal, signature });
    this.#countAccept(accept);
  }

  /** Those who are to hear of a proposal from us. */
  #tell({ proposal, signature }: Proposed): void {
    const audience = audienceOf(proposal, this.#self);
    if (planOf(proposal).grid) this.#send(audience, "outline", outlineOf(proposal, signature));
    else this.#send(audience, "propose", { proposal, signature });
  }

  #onOutline(from: Hotkey, outline: Header<"outline">): void {
    const { shape, ready } = this.#options;
    const proposal = proposalFrom(outline, shape, ready.anchorRoot, (name) => this.#candidates.named(name));
    if (proposal) return this.#onPropose(from, { proposal, signature: outline.signature });
    const { runId, outerStep, attempt, proposalDigest } = outline;
    this.#send([from], "want", { runId, outerStep, attempt, proposalDigest });
  }

  /** Once a member. */
  #onWant(from: Hotkey, { proposalDigest: digest }: Header<"want">): void {
    const attempt = this.#attempt;
    if (attempt?.digest !== digest || attempt.wanted.has(from)) return;
    if (!audienceOf(attempt.proposal, this.#self).includes(from)) return;
    attempt.wanted.add(from);
    this.#send([from], "propose", { proposal: attempt.proposal, signature: attempt.signature });
  }

  #onPropose(from: Hotkey, { proposal, signature }: Proposed): void {
    const { shape, ready } = this.#options;
    const { leader } = proposal;
    const digest = proposalDigest(proposal);
    if (!this.#deps.verify(leader, proposePayload(digest), fromHex(signature))) {
      throw refuse(
        "allreduce/bad-signature",
        `read a proposal from ${from}: it is not signed by its leader ${leader}, that is required`,
      );
    }
    const answer = (reason: string) =>
      this.#send([leader], "refuse", {
        ...this.#ballot(proposal, digest),
        promised: this.#lock.promised,
        reason,
      });
    if (proposal.anchorRoot !== ready.anchorRoot) {
      this.#emit("root-mismatch", { peer: leader, theirs: proposal.anchorRoot, ours: ready.anchorRoot });
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
    this.#requireTeller(from, proposal);
    if (from === leader) this.#tell({ proposal, signature });
    if (own.signature !== ready.signature) return answer("stale offer");
    const highest = Math.max(this.#lock.promised, this.#highestSeen) + MAX_ATTEMPT_SKIP;
    if (proposal.attempt > highest) {
      this.#highestSeen = highest; // whoever was away catches up in a few of these
      return answer("attempt too high");
    }
    this.#highestSeen = Math.max(this.#highestSeen, proposal.attempt);
    if (proposal.attempt <= this.#lock.promised) return answer("promised");
    const objection = this.#objection(membersOf(proposal), proposal.block);
    if (objection) return answer(objection);
    const liar = this.#needlessLiar(membersOf(proposal));
    if (liar !== undefined) {
      this.#suspect(leader);
      return answer(`liar ${liar}`);
    }
    if (!this.#mayPreempt(leader)) return answer("busy");
    if (this.#idleSinceMs !== undefined) this.#deps.pace.observe("lead", this.#nowMs - this.#idleSinceMs);
    const accept = this.#acceptProposal({ proposal, signature }, digest, "accepted");
    this.#send([leader], "accept", accept);
  }

  /** @throws {SkeinError} `allreduce/bad-proposal` when it is neither the leader nor who passes on what it says */
  #requireTeller(from: Hotkey, proposal: Proposal): void {
    const teller = tellerOf(proposal, this.#self);
    if (from === proposal.leader || from === teller) return;
    throw refuse(
      "allreduce/bad-proposal",
      `read what ${from} passes on of ${proposal.leader}: ${teller} is required`,
    );
  }

  /** A member of the group that is proven to have lied, when the others may go on without it: two liars must not help each other. */
  #needlessLiar(group: readonly Hotkey[]): Hotkey | undefined {
    const isLiar = (hotkey: Hotkey) => hotkey !== this.#self && this.#deps.suspicions.isConvicted(hotkey);
    const liar = group.find(isLiar);
    const others = group.filter((hotkey) => !isLiar(hotkey));
    return liar !== undefined && this.#isAllowed(others) ? liar : undefined;
  }

  /** A leader may start over; another may break in a few times: without a limit a liar could end every attempt. */
  #mayPreempt(from: Hotkey): boolean {
    if (!this.#attempt || this.#attempt.proposal.leader === from) return true;
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
    if (this.#attempt) this.#forget(this.#attempt);
    const members = membersOf(proposal);
    const plan = planOf(proposal);
    this.#attempt = {
      proposal,
      digest,
      members,
      reduce: newReduction(
        plan,
        members.indexOf(this.#self),
        this.#deps.pace.timeouts,
        (phase, ms) => this.#deps.pace.observe(phase, ms),
      ),
      stage,
      sinceMs: this.#nowMs,
      accepts: new Map(),
      seals: new Seals(digest, members, this.#deps.verify),
      signature: leadersSignature,
      wanted: new Set(),
      sealsShown: new Set(),
    };
    this.#attemptCount++;
    this.#highestSeen = Math.max(this.#highestSeen, proposal.attempt);
    this.#votes.open(digest, proposal);
    this.#setLock({
      promised: proposal.attempt,
      groups: withGroup(this.#lock.groups, { attempt: proposal.attempt, members }),
    });
    this.#actions.push({ type: "open", digest, proposal, plan });
    const full = this.#lock.lock;
    const lock = full && summaryOf(full);
    const holds = [...this.#held.keys()];
    const ballot = this.#ballot(proposal, digest);
    const signature = toHex(this.#deps.signer.sign(acceptPayload(ballot, { lock, holds })));
    return { ...ballot, lock, holds, full: full as Header<"accept">["full"], signature };
  }

  #onAccept(from: Hotkey, accept: Header<"accept">): void {
    const attempt = this.#attempt;
    if (attempt?.stage !== "proposing" || accept.proposalDigest !== attempt.digest) return;
    if (!attempt.members.includes(from)) return;
    if (!this.#deps.verify(from, acceptPayload(accept, accept), fromHex(accept.signature))) {
      throw refuse(
        "allreduce/bad-signature",
        `read an accept of ${from}: a wrong signature, its own is required`,
      );
    }
    try {
      this.#checkClaim(accept.lock, attempt.proposal);
      if (accept.lock) checkLock(orBad(accept.full), accept.lock, this.#proofRules);
    } catch (error) {
      this.#drop("bad lock", [from]);
      throw error;
    }
    this.#deps.pace.observe("accept", this.#nowMs - attempt.sinceMs);
    this.#countAccept(accept, from);
  }

  #countAccept(accept: Header<"accept">, from: Hotkey = this.#self): void {
    const attempt = this.#attempt!;
    const { lock: claim, holds, signature } = accept;
    const record = { hotkey: from, lock: claim, holds, signature };
    attempt.accepts.set(from, { record, full: accept.full });
    if (attempt.accepts.size < attempt.members.length) return;
    const accepts = attempt.members.map((m) => attempt.accepts.get(m)!.record);
    const newest = newestClaim(accepts);
    const lock = newest &&
      [...attempt.accepts.values()].find(({ record }) => record.lock?.attempt === newest.attempt)!.full;
    const bound = bindingOf(accepts, lock, this.#proofRules);
    if (bound && bound.holders.length === 0 && !this.#isRecovery()) {
      this.#emit("lock-without-holder", { resultDigest: bound.lock.resultDigest });
      return this.#drop("no holder of the locked result", []);
    }
    this.#send(audienceOf(attempt.proposal, this.#self), "begin", {
      ...this.#ballot(attempt.proposal, attempt.digest),
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
    const { anchorRoot, outerStep, runId } = this.#options.ready;
    return {
      verify: this.#deps.verify,
      checkProposal: (p: Proposal) => {
        if (p.anchorRoot !== anchorRoot || p.outerStep !== outerStep || p.runId !== runId) {
          throw refuse("allreduce/bad-lock", "check a lock: it is of another round, this one is required");
        }
        checkProposal(p, this.#options.shape, {
          ...this.#deps,
          isMember: (h) => this.#deps.isMember(h),
          isKnownOffer: (o) => this.#candidates.knows(o),
        });
      },
    };
  }

  #onRefuse(from: Hotkey, answer: Header<"refuse">): void {
    const attempt = this.#attempt;
    if (attempt?.stage !== "proposing" || answer.proposalDigest !== attempt.digest) return;
    if (!attempt.members.includes(from)) return;
    this.#highestSeen = Math.max(
      this.#highestSeen,
      Math.min(answer.promised, Math.max(this.#lock.promised, this.#highestSeen) + MAX_ATTEMPT_SKIP - 1),
    );
    const count = (this.#refusals.get(from) ?? 0) + 1;
    this.#refusals.set(from, count);
    const [reason, liar] = answer.reason.split(" ");
    const isInnocent = INNOCENT_REFUSALS.includes(reason) && count <= MAX_REFUSALS;
    const accused = reason === "liar" && attempt.members.includes(liar) ? [liar] : [];
    this.#drop(`refused: ${answer.reason}`, isInnocent ? accused : [from]);
  }

  #onBegin(from: Hotkey, begin: Header<"begin">): void {
    const attempt = this.#attempt;
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
      if (!this.#deps.verify(accept.hotkey, acceptPayload(begin, accept), fromHex(accept.signature))) {
        throw refuse(
          "allreduce/bad-begin",
          `read a begin: a wrong signature of ${accept.hotkey}, its accept is required`,
        );
      }
    }
    this.#deps.pace.observe("begin", this.#nowMs - attempt.sinceMs);
    const bound = bindingOf(accepts, begin.lock, this.#proofRules);
    if (bound && bound.holders.length === 0 && !this.#isRecovery(attempt.proposal.block)) {
      throw refuse(
        "allreduce/bad-begin",
        "read a begin: it drops a locked result, carrying it forward is required",
      );
    }
    this.#send(audienceOf(attempt.proposal, this.#self), "begin", begin);
    this.#begin(attempt, bound);
  }

  // ── reduce ────────────────────────────────────────────────────────────────────────────────────────────────────

  #begin(attempt: Attempt, bound: Binding | null): void {
    const carried = bound && bound.holders.length > 0 ? bound.lock : null;
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
    const sources = bound!.holders.filter((h) => h !== this.#self);
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
    const attempt = this.#attemptAt(event.digest);
    if (!attempt) return;
    if (event.type === "reduced") {
      return this.#reduceStep(attempt, attempt.reduce.reduced(event.chunk, event.chunkDigest, this.#nowMs));
    }
    if (event.type === "summed") {
      return this.#reduceStep(attempt, attempt.reduce.summed?.(event.chunk, this.#nowMs) ?? []);
    }
    const sender = memberIndexOf(attempt.proposal, event.from);
    if (sender < 0) return;
    if (event.type === "partial") {
      return this.#reduceStep(attempt, attempt.reduce.partial?.(sender, event.chunk, this.#nowMs) ?? []);
    }
    if (event.type === "reduce-failed") {
      return this.#reduceStep(attempt, attempt.reduce.failed(event.chunk, sender, event.code, this.#nowMs));
    }
    if (event.type === "contributed") {
      this.#reduceStep(attempt, attempt.reduce.contributed(sender, event.chunk, this.#nowMs));
    } else if (event.type === "corrupt") {
      this.#reduceStep(attempt, attempt.reduce.exclude(sender, event.code, this.#nowMs, event.chunk));
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
    const actions = attempt.reduce.result(sender, event.chunk, event.chunkDigest, this.#nowMs);
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
    const own = attempt.members.indexOf(this.#self);
    if (attempt.reduce.owes(own)) return null;
    const spanDigest = spanDigestOf(attempt.reduce.digestsOf(own));
    const seal = toHex(this.#deps.signer.sign(sealPayload(attempt.digest, spanDigest)));
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
      if (this.#attempt !== attempt) return;
      if (action.type === "stalled") stalled.push(attempt.members[action.reducer]);
      else if (action.type === "complete") this.#completed(attempt, action.chunkDigests);
      else if (action.type === "publish") {
        const sealed = { ...action, seal: this.#sealOwn(attempt) };
        this.#actions.push({ type: "reduce", digest: attempt.digest, action: sealed });
      } else if (action.type === "forward") {
        const sealed = { ...action, seal: this.#sealOf(attempt, action.chunk) };
        this.#actions.push({ type: "reduce", digest: attempt.digest, action: sealed });
      } else this.#actions.push({ type: "reduce", digest: attempt.digest, action });
      if (action.type === "excluded") {
        if (action.code === "allreduce/late") this.#deps.pace.expired("sender");
        this.#emit("sender-excluded", {
          peer: attempt.members[action.sender],
          chunk: action.chunk,
          code: action.code,
        });
      }
    }
    if (stalled.some((hotkey) => this.#candidates.isLive(hotkey))) this.#deps.pace.expired("reducer");
    if (stalled.length > 0 && attempt.stage === "reducing") this.#complain(attempt, stalled);
    else if (stalled.length > 0) this.#drop("member down", stalled);
  }

  #completed(attempt: Attempt, chunkDigests: string): void {
    const resultDigest = resultDigestOf(attempt.digest, chunkDigests);
    this.#hold(resultDigest, chunkDigests);
    this.#actions.push({
      type: "hold",
      digest: attempt.digest,
      origin: attempt.proposal,
      resultDigest,
      chunkDigests,
    });
    if (this.#awaited) {
      this.#forget(attempt);
      return this.#onCertificate(this.#awaited);
    }
    this.#vote(attempt, attempt.proposal, resultDigest);
  }

  #complain(attempt: Attempt, suspects: readonly Hotkey[]): void {
    // Nobody else acts on it.
    const { leader } = attempt.proposal;
    this.#send(leader === this.#self ? [] : [leader], "complaint", {
      ...this.#ballot(attempt.proposal, attempt.digest),
      suspects: [...suspects],
    });
    this.#drop("stalled", suspects);
  }

  /**
   * The leader starts over without the accused, if they may have stalled as it sees them; otherwise it goes on without the
   * accuser, who has given up. A member that keeps accusing is left out as well, and so is one whose word is all that
   * speaks against the member of its row that passes results on.
   */
  #onComplaint(from: Hotkey, complaint: Header<"complaint">): void {
    const attempt = this.#attempt;
    if (!attempt || complaint.proposalDigest !== attempt.digest || attempt.proposal.leader !== this.#self) {
      return;
    }
    if (!attempt.members.includes(from)) return;
    const complaintCount = (this.#complaints.get(from) ?? 0) + 1;
    this.#complaints.set(from, complaintCount);
    const { proposal, reduce } = attempt;
    const known = complaint.suspects.filter((h) => h !== this.#self && memberIndexOf(proposal, h) >= 0);
    const accused = known.filter((hotkey) => reduce.owes(memberIndexOf(proposal, hotkey)));
    const accuser = memberIndexOf(proposal, from);
    const relays = known.filter((hotkey) => reduce.passesOn?.(memberIndexOf(proposal, hotkey), accuser));
    if (complaintCount > MAX_COMPLAINTS || accused.length === 0) accused.push(...relays, from);
    const isIdle = accused.length === 1 && accused[0] === from;
    if (isIdle && attempt.members.length - 1 >= quorumOf(attempt.members.length)) return this.#suspect(from);
    this.#drop("complaint", accused);
  }

  // ── commit ────────────────────────────────────────────────────────────────────────────────────────────────────

  #vote(attempt: Attempt, origin: Proposal, resultDigest: string): void {
    const { proposal, digest } = attempt;
    attempt.stage = "voting";
    attempt.sinceMs = this.#nowMs;
    this.#ownVote = { digest, proposal, origin, resultDigest };
    this.#cast("vote", this.#ownVote);
    this.#prepareIfQuorum(digest, resultDigest);
    this.#checkConflict(attempt);
    if (this.#attempt === attempt && !this.#isCommitReachable(attempt) && !attempt.sealsFrom) {
      this.#drop("no quorum in reach", []);
    }
  }

  #cast(phase: VotePhase, { digest, proposal, resultDigest }: OwnVote): void {
    const ballot = { ...this.#ballot(proposal, digest), resultDigest };
    const signature = toHex(this.#deps.signer.sign(votePayload(phase, ballot)));
    this.#send(this.#others(proposal), phase, { ...ballot, signature });
    this.#votes.add(phase, digest, this.#self, resultDigest, signature);
  }

  #onVote(phase: VotePhase, from: Hotkey, vote: Header<"vote">): void {
    const proposal = this.#votes.proposal(vote.proposalDigest);
    if (!proposal || proposal.attempt !== vote.attempt || memberIndexOf(proposal, from) < 0) return;
    if (!this.#deps.verify(from, votePayload(phase, vote), fromHex(vote.signature))) {
      throw refuse(
        "allreduce/bad-signature",
        `read a ${phase} of ${from}: a wrong signature, its own is required`,
      );
    }
    try {
      this.#votes.add(phase, vote.proposalDigest, from, vote.resultDigest, vote.signature);
    } catch (error) {
      this.#convict(from, `two ${phase}s`);
      throw error;
    }
    const { stage, sinceMs, digest } = this.#attempt ?? {};
    if (digest === vote.proposalDigest && (stage === "voting" || stage === "committing")) {
      this.#deps.pace.observe("vote", this.#nowMs - sinceMs!);
    }
    if (phase === "commit") return this.#commitIfQuorum(vote.proposalDigest, vote.resultDigest);
    this.#prepareIfQuorum(vote.proposalDigest, vote.resultDigest);
    if (this.#attempt?.digest === vote.proposalDigest) this.#checkConflict(this.#attempt);
  }

  /** Locks what has a quorum of votes, and commits to it; unless a higher attempt has been promised since. */
  #prepareIfQuorum(digest: string, resultDigest: string): void {
    const own = this.#ownVote;
    if (own?.digest !== digest || own.resultDigest !== resultDigest) return;
    const { proposal, origin } = own;
    const { attempt } = proposal;
    if (this.#lock.promised !== attempt || this.#lock.lock?.attempt === attempt) return;
    const votes = this.#votes.quorum("vote", digest, resultDigest);
    if (!votes) return;
    this.#setLock({ lock: { attempt, proposal, origin, resultDigest, votes } });
    if (this.#attempt?.digest === digest) {
      this.#attempt.stage = "committing";
      this.#attempt.sinceMs = this.#nowMs;
    }
    this.#cast("commit", own);
    this.#commitIfQuorum(digest, resultDigest);
  }

  #commitIfQuorum(digest: string, resultDigest: string): void {
    const votes = this.#votes.quorum("commit", digest, resultDigest);
    const chunkDigests = this.#held.get(resultDigest);
    const own = this.#ownVote;
    if (!votes || chunkDigests === undefined || own?.digest !== digest || own.resultDigest !== resultDigest) {
      return;
    }
    const { proposal, origin } = own;
    const { runId, outerStep, attempt } = proposal;
    this.#finish({
      kind: "committed",
      certificate: { runId, outerStep, attempt, proposal, origin, resultDigest, chunkDigests, votes },
      attempts: this.#attemptCount,
    });
  }

  // ── who lied ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Members voted for different results: show what we received, by reducer, and see what they did. */
  #checkConflict(attempt: Attempt): void {
    if (attempt.stage !== "voting" && attempt.stage !== "committing") return;
    const others = this.#votes.others(attempt.digest, this.#ownVote!.resultDigest);
    if (others.length === 0) return;
    if (attempt.carried) {
      for (const hotkey of others) this.#convict(hotkey, "a vote for another result than the locked one");
      return this.#dropIfHopeless(attempt, others);
    }
    attempt.sealsFrom ??= new Set();
    // Of a large group only to those who voted otherwise: a thousand seals are hundreds of kilobytes.
    const audience = planOf(attempt.proposal).grid ? others : this.#others(attempt.proposal);
    const unshown = audience.filter((hotkey) => !attempt.sealsShown.has(hotkey));
    if (unshown.length === 0) return;
    for (const hotkey of unshown) attempt.sealsShown.add(hotkey);
    const spans = attempt.seals.list();
    this.#send(unshown, "seals", { ...this.#ballot(attempt.proposal, attempt.digest), spans });
  }

  #onSeals(from: Hotkey, { proposalDigest: digest, spans }: Header<"seals">): void {
    const attempt = this.#attempt;
    if (attempt?.digest !== digest || !attempt.members.includes(from)) return;
    if (attempt.stage !== "voting" && attempt.stage !== "committing") return;
    this.#checkConflict(attempt);
    attempt.sealsFrom?.add(from);
    const liars = attempt.seals.equivocators(spans);
    const others = this.#votes.others(digest, this.#ownVote!.resultDigest);
    if (liars.length === 0 && others.includes(from)) liars.push(from);
    for (const liar of liars) {
      this.#convict(liar, liar === from ? "a vote for what it did not receive" : "two seals");
    }
    const isHeard = others.every((hotkey) => attempt.sealsFrom?.has(hotkey));
    if (isHeard) this.#dropIfHopeless(attempt, liars);
  }

  #dropIfHopeless(attempt: Attempt, liars: readonly Hotkey[]): void {
    if (this.#attempt === attempt && !this.#isCommitReachable(attempt)) this.#drop("votes differ", liars);
  }

  #convict(hotkey: Hotkey, crime: string): void {
    this.#deps.suspicions.convict(hotkey, this.#nowMs, this.#deps.pace.timeouts.suspectMs);
    this.#emit("member-lied", { peer: hotkey, crime });
  }

  // ── committed elsewhere ───────────────────────────────────────────────────────────────────────────────────────

  #onCertificate(certificate: Certificate): void {
    const { ready, previousMembers } = this.#options;
    if (certificate.outerStep < ready.outerStep) return;
    if (certificate.outerStep > ready.outerStep) {
      return this.#finish({ kind: "superseded", outerStep: certificate.outerStep });
    }
    if (this.#pulling) return;
    const isSameAnchor = certificate.proposal.anchorRoot === ready.anchorRoot;
    const continuity = {
      previousMembers,
      recoveryBlock: this.#recoveryBlock,
      block: this.#block,
      present: this.#candidates.present(),
    };
    if (isSameAnchor && !mayGoOn(certificate.proposal, continuity)) {
      return this.#emit("certificate-refused", { members: certificate.proposal.members.length });
    }
    if (!isSameAnchor) {
      return this.#finish({
        kind: "aborted",
        code: "allreduce/root-mismatch",
        reason:
          `the group committed from anchor ${certificate.proposal.anchorRoot}, ours is ${ready.anchorRoot}`,
      });
    }
    const { resultDigest, origin, chunkDigests } = certificate;
    const isArriving = this.#attempt?.stage === "reducing" && this.#attempt.digest === proposalDigest(origin);
    if (isArriving && !this.#held.has(resultDigest)) {
      this.#awaited = certificate;
      return;
    }
    this.#awaited = undefined;
    if (this.#attempt) this.#forget(this.#attempt);
    if (this.#held.has(resultDigest)) {
      return this.#finish({ kind: "committed", certificate, attempts: this.#attemptCount });
    }
    this.#pulling = certificate;
    const sources = certificate.votes.map((v) => v.hotkey).filter((h) => h !== this.#self);
    this.#actions.push({ type: "fetch", resultDigest, origin, sources, chunkDigests });
  }

  /** Of results that came to nothing only the newest are kept. */
  #hold(resultDigest: string, chunkDigests: string): void {
    this.#held.delete(resultDigest);
    this.#held.set(resultDigest, chunkDigests);
    const locked = this.#lock.lock?.resultDigest;
    const spare = [...this.#held.keys()].filter((digest) => digest !== locked && digest !== resultDigest);
    for (const digest of spare.slice(0, Math.max(0, this.#held.size - MAX_HOLDS))) {
      this.#held.delete(digest);
      this.#actions.push({ type: "release", resultDigest: digest });
    }
  }

  #onFetched(resultDigest: string, chunkDigests: string): void {
    this.#hold(resultDigest, chunkDigests);
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
    for (const hotkey of suspects) this.#suspect(hotkey);
    this.#emit("attempt-dropped", {
      outerStep: attempt.proposal.outerStep,
      attempt: attempt.proposal.attempt,
      reason,
      suspects: [...suspects],
    });
    this.#forget(attempt);
    if (this.#awaited) return this.#onCertificate(this.#awaited);
    this.#pausedUntilMs = this.#nowMs + this.#pauseMs();
    this.#idleSinceMs = undefined;
  }

  /**
   * Before leading again: longer with each attempt that failed, and of another length for each member, drawn by hash. Two
   * that lead at the same moment refuse each other, and with equal pauses would do so for ever.
   */
  #pauseMs(): number {
    const { seed } = this.#options.shape;
    const { outerStep } = this.#options.ready;
    const key = orderKey(`${seed}/${this.#attemptCount}`, outerStep, this.#self);
    const draw = new DataView(key.buffer, key.byteOffset).getUint32(0) / 2 ** 32;
    const mostMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(10, this.#attemptCount - 1));
    return mostMs * draw;
  }

  #suspect(hotkey: Hotkey): void {
    if (hotkey === this.#self) return;
    this.#deps.suspicions.suspect(hotkey, this.#nowMs, this.#deps.pace.timeouts.suspectMs);
  }

  #forget(attempt: Attempt): void {
    this.#actions.push({ type: "drop", digest: attempt.digest });
    this.#attempt = undefined;
  }

  #finish(end: RoundEnd): void {
    if (this.#attempt) this.#forget(this.#attempt);
    if (end.kind === "committed") {
      for (const { hotkey } of end.certificate.votes) this.#deps.suspicions.forgive(hotkey);
      this.#deps.pace.settled();
    }
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

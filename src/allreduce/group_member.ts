/**
 * Joining a group that another leads: none, or an attempt below → accepted → reducing or carrying. A proposal is refused
 * when its group must not go on from here (quorum.ts), when a higher attempt was promised, or when it keeps a proven liar
 * without need. A begin is followed only when it shows the accepts of all, and carries on what they are bound to.
 */
import { isSkeinError } from "../base/errors.ts";
import type { Hotkey } from "../base/transport.ts";
import type { Proposed } from "./attempt.ts";
import { refuse } from "./errors.ts";
import { audienceOf, tellerOf } from "./grid_relay.ts";
import type { Joining } from "./joining.ts";
import { acceptPayload, bindingOf } from "./lock.ts";
import type { Header } from "./messages.ts";
import { acceptsOf, proposalFrom } from "./outline.ts";
import {
  memberIndexOf,
  membersOf,
  type Proposal,
  proposalDigest,
  proposePayload,
  verifyOffer,
} from "./proposal.ts";
import type { ReducePhase } from "./reduce_phase.ts";
import type { RoundCore } from "./round_core.ts";

/** So often in a round a member may break into an attempt that another leads. */
const MAX_PREEMPTIONS = 2;

export class GroupMember {
  readonly #core: RoundCore;
  readonly #joining: Joining;
  readonly #reduce: ReducePhase;
  readonly #preemptions = new Map<Hotkey, number>();

  constructor(core: RoundCore, joining: Joining, reduce: ReducePhase) {
    this.#core = core;
    this.#joining = joining;
    this.#reduce = reduce;
  }

  /** An outline is a proposal to who can put it together; others ask for it in full. */
  onOutline(from: Hotkey, outline: Header<"outline">): void {
    const core = this.#core;
    const { shape, ready } = core.options;
    const named = (name: string) => core.candidates.named(name);
    const proposal = proposalFrom(outline, shape, ready.anchorRoot, named);
    if (proposal) return this.onPropose(from, { proposal, signature: outline.signature });
    const { runId, outerStep, attempt, proposalDigest } = outline;
    core.send([from], "want", { runId, outerStep, attempt, proposalDigest });
  }

  /** Passes the proposal on in full, once to a member. */
  onWant(from: Hotkey, { proposalDigest: digest }: Header<"want">): void {
    const core = this.#core;
    const { attempt } = core;
    if (attempt?.digest !== digest || attempt.wanted.has(from)) return;
    if (!audienceOf(attempt.proposal, core.self).includes(from)) return;
    attempt.wanted.add(from);
    core.send([from], "propose", { proposal: attempt.proposal, signature: attempt.signature });
  }

  /** None, or an attempt below → accepted; or the leader hears why not. */
  onPropose(from: Hotkey, { proposal, signature }: Proposed): void {
    const core = this.#core;
    const { ready } = core.options;
    const { leader } = proposal;
    const digest = proposalDigest(proposal);
    if (!this.#isLeaders({ proposal, signature }, digest)) {
      throw refuse(
        "allreduce/bad-signature",
        `read a proposal from ${from}: it is not signed by its leader ${leader}, that is required`,
      );
    }
    const answer = (reason: string) =>
      core.send([leader], "refuse", {
        ...core.ballot(proposal, digest),
        promised: core.lock.promised,
        reason,
      });
    if (proposal.anchorRoot !== ready.anchorRoot) {
      core.emit("root-mismatch", { peer: leader, theirs: proposal.anchorRoot, ours: ready.anchorRoot });
      return answer("root");
    }
    if (!this.#isOfMembers(proposal)) return answer("member");
    const own = proposal.members.find((m) => m.hotkey === core.self);
    if (!own) {
      throw refuse("allreduce/bad-proposal", `read a proposal from ${from}: it was sent to a non-member`);
    }
    this.#requireTeller(from, proposal);
    if (from === leader) this.#joining.tell({ proposal, signature });
    if (own.signature !== ready.signature) return answer("stale offer");
    const highest = core.highestBelievable;
    if (proposal.attempt > highest) {
      core.highestSeen = highest; // whoever was away catches up in a few of these
      return answer("attempt too high");
    }
    core.highestSeen = Math.max(core.highestSeen, proposal.attempt);
    if (proposal.attempt <= core.lock.promised) return answer("promised");
    const objection = core.objection(membersOf(proposal), proposal.block);
    if (objection) return answer(objection);
    const liar = this.#needlessLiar(membersOf(proposal));
    if (liar !== undefined) {
      core.suspect(leader);
      return answer(`liar ${liar}`);
    }
    if (!this.#mayPreempt(leader)) return answer("busy");
    if (core.idleSinceMs !== undefined) core.deps.pace.observe("lead", core.nowMs - core.idleSinceMs);
    const accept = this.#joining.accept({ proposal, signature }, digest, "accepted");
    core.send([leader], "accept", accept);
  }

  /** Accepted → reducing or carrying. */
  onBegin(from: Hotkey, begin: Header<"begin">): void {
    const core = this.#core;
    const { attempt } = core;
    if (attempt?.stage !== "accepted" || begin.proposalDigest !== attempt.digest) return;
    this.#requireTeller(from, attempt.proposal);
    const accepts = acceptsOf(attempt.proposal, begin);
    const hasAll = accepts.length === attempt.members.length &&
      accepts.every((a, i) => a.hotkey === attempt.members[i]);
    if (!hasAll) {
      throw refuse("allreduce/bad-begin", `read a begin: accepts of other than all members in order`);
    }
    for (const accept of accepts) {
      this.#joining.checkClaim(accept.lock, attempt.proposal);
      const payload = acceptPayload(begin, accept);
      if (!core.isSigned(attempt.proposal, accept.hotkey, payload, accept.signature)) {
        throw refuse(
          "allreduce/bad-begin",
          `read a begin: a wrong signature of ${accept.hotkey}, its accept is required`,
        );
      }
    }
    core.deps.pace.observe("begin", core.nowMs - attempt.sinceMs);
    const bound = bindingOf(accepts, begin.lock, (claim, full) => this.#joining.prove(claim, full));
    if (bound && bound.holders.length === 0 && !core.isRecovery(attempt.proposal.block)) {
      throw refuse(
        "allreduce/bad-begin",
        "read a begin: it drops a locked result, carrying it forward is required",
      );
    }
    core.send(audienceOf(attempt.proposal, core.self), "begin", begin);
    this.#reduce.begin(attempt, bound);
  }

  /** Nothing is answered in a leader's name before: the offer that names its key is its own, and the key's is the proposal. */
  #isLeaders({ proposal, signature }: Proposed, digest: string): boolean {
    const core = this.#core;
    const { leader, members } = proposal;
    const offer = members[memberIndexOf(proposal, leader)];
    return offer !== undefined && verifyOffer(proposal, offer, core.deps.verify) &&
      core.isSigned(proposal, leader, proposePayload(digest), signature);
  }

  /** False when somebody is not registered as far as we know. @throws {SkeinError} `allreduce/bad-proposal` */
  #isOfMembers(proposal: Proposal): boolean {
    try {
      this.#joining.check(proposal);
      return true;
    } catch (error) {
      if (isSkeinError(error, "allreduce/not-a-member")) return false;
      throw error;
    }
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
    const core = this.#core;
    const isLiar = (hotkey: Hotkey) => hotkey !== core.self && core.deps.suspicions.isConvicted(hotkey);
    const liar = group.find(isLiar);
    const others = group.filter((hotkey) => !isLiar(hotkey));
    return liar !== undefined && core.isAllowed(others) ? liar : undefined;
  }

  /** A leader may start over; another may break in a few times: without a limit a liar could end every attempt. */
  #mayPreempt(from: Hotkey): boolean {
    if (!this.#core.attempt || this.#core.attempt.proposal.leader === from) return true;
    const count = (this.#preemptions.get(from) ?? 0) + 1;
    this.#preemptions.set(from, count);
    return count <= MAX_PREEMPTIONS;
  }
}

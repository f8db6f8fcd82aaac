/**
 * Making a group: none → proposing → reducing or carrying. Readies come in; whoever stands first among the candidates
 * proposes all who are there, and the next when it stays silent. All must accept: their accepts show the newest lock that
 * any of them holds, which the attempt is then bound to. Who refuses or stays silent is left out of the next.
 */
import { isSkeinError } from "../base/errors.ts";
import type { Hotkey } from "../base/transport.ts";
import { refuse } from "./errors.ts";
import { audienceOf } from "./grid_relay.ts";
import type { Joining } from "./joining.ts";
import { acceptPayload, type AcceptRecord, type Binding, bindingOf, type Lock, newestClaim } from "./lock.ts";
import type { Header } from "./messages.ts";
import { bareOffer, briefly } from "./outline.ts";
import {
  chunkElementsIn,
  isFairOffer,
  type Offer,
  type Proposal,
  proposalDigest,
  proposePayload,
  verifyOffer,
} from "./proposal.ts";
import type { ReducePhase } from "./reduce_phase.ts";
import type { RoundCore } from "./round_core.ts";
import type { RoundEndings } from "./round_endings.ts";

/** So often in a round a member may refuse without being suspected. */
const MAX_REFUSALS = 5;
/** It says more of us than of whoever refuses. */
const INNOCENT_REFUSALS = ["promised", "busy", "liar", "attempt", "member"];

export class GroupLeader {
  readonly #core: RoundCore;
  readonly #endings: RoundEndings;
  readonly #joining: Joining;
  readonly #reduce: ReducePhase;
  readonly #refusals = new Map<Hotkey, number>();

  constructor(core: RoundCore, endings: RoundEndings, joining: Joining, reduce: ReducePhase) {
    this.#core = core;
    this.#endings = endings;
    this.#joining = joining;
    this.#reduce = reduce;
  }

  /** A candidate for the group; the last that was waited for makes us lead at once. */
  onReady(from: Hotkey, ready: Header<"ready">): void {
    const core = this.#core;
    const own = core.options.ready;
    if (ready.hotkey !== from || !verifyOffer(ready, ready, core.deps.verify)) {
      throw refuse(
        "allreduce/bad-signature",
        `read a ready of ${from}: it is not signed by ${from}, its own is required`,
      );
    }
    if (ready.codec !== own.codec || ready.runId !== own.runId) return;
    if (!isFairOffer(ready, core.options.shape)) {
      throw refuse(
        "allreduce/bad-message",
        `read a ready of ${from}: ${ready.samples} samples in ${ready.innerSteps} inner steps, what the run ` +
          `allows is required`,
      );
    }
    if (ready.anchorRoot !== own.anchorRoot) {
      core.candidates.addElsewhere(from);
      return core.emit("root-mismatch", { peer: from, theirs: ready.anchorRoot, ours: own.anchorRoot });
    }
    core.candidates.add(ready);
    if (!core.attempt && !this.#endings.isPulling) this.leadIfDue();
  }

  /** Rank r leads after r leader timeouts: the first live candidate at once, the next when it stays silent. */
  leadIfDue(): void {
    const core = this.#core;
    const isRetry = core.highestSeen >= 0;
    const isTime = isRetry || core.candidates.isComplete(core.expected) ||
      core.block >= core.options.deadlineBlock;
    const group = isTime ? core.candidates.group(core.nowMs, (hotkeys) => core.isAllowed(hotkeys)) : [];
    const hotkeys = group.map((r) => r.hotkey);
    if (!isTime || !core.isAllowed(hotkeys)) {
      core.idleSinceMs = undefined;
      return;
    }
    if (core.nowMs < core.pausedUntilMs) return;
    core.idleSinceMs ??= core.nowMs;
    const rank = hotkeys.indexOf(core.self);
    if (core.nowMs - core.idleSinceMs < rank * core.deps.pace.timeouts.leaderTimeoutMs) return;
    if (rank > 0) core.deps.pace.expired("lead");
    this.#propose(group);
  }

  /** The last that was missing: proposing → reducing or carrying. */
  onAccept(from: Hotkey, accept: Header<"accept">): void {
    const core = this.#core;
    const { attempt } = core;
    if (attempt?.stage !== "proposing" || accept.proposalDigest !== attempt.digest) return;
    if (!attempt.members.includes(from) || attempt.accepts.has(from)) return;
    if (!core.isSigned(attempt.proposal, from, acceptPayload(accept, accept), accept.signature)) {
      throw refuse(
        "allreduce/bad-signature",
        `read an accept of ${from}: a wrong signature, its own is required`,
      );
    }
    let full: Lock | null;
    try {
      this.#joining.checkClaim(accept.lock, attempt.proposal);
      full = accept.lock && this.#joining.prove(accept.lock, accept.full);
    } catch (error) {
      this.#endings.drop("bad lock", [from]);
      throw error;
    }
    core.deps.pace.observe("accept", core.nowMs - attempt.sinceMs);
    this.#countAccept(accept, full, from);
  }

  /** Proposing → none. */
  onRefuse(from: Hotkey, answer: Header<"refuse">): void {
    const core = this.#core;
    const { attempt } = core;
    if (attempt?.stage !== "proposing" || answer.proposalDigest !== attempt.digest) return;
    if (!attempt.members.includes(from)) return;
    core.highestSeen = Math.max(core.highestSeen, Math.min(answer.promised, core.highestBelievable - 1));
    const count = (this.#refusals.get(from) ?? 0) + 1;
    this.#refusals.set(from, count);
    const [reason, liar] = answer.reason.split(" ");
    const isInnocent = INNOCENT_REFUSALS.includes(reason) && count <= MAX_REFUSALS;
    const accused = reason === "liar" && attempt.members.includes(liar) ? [liar] : [];
    this.#endings.drop(`refused: ${answer.reason}`, isInnocent ? accused : [from]);
  }

  /** None → proposing. */
  #propose(group: readonly Offer[]): void {
    const core = this.#core;
    const { shape, ready } = core.options;
    const { runId, outerStep, anchorRoot, codec } = ready;
    const proposal: Proposal = {
      runId,
      outerStep,
      anchorRoot,
      codec,
      attempt: Math.max(core.highestSeen, core.lock.promised) + 1,
      leader: core.self,
      block: core.block,
      elementCount: shape.elementCount,
      chunkElements: chunkElementsIn(shape, group),
      ...(shape.meshMembers === undefined ? {} : { meshMembers: shape.meshMembers }),
      members: group.map(bareOffer),
    };
    const digest = proposalDigest(proposal);
    const signature = core.sign(proposePayload(digest));
    const accept = this.#joining.accept({ proposal, signature }, digest, "proposing");
    this.#joining.tell({ proposal, signature });
    this.#countAccept(accept, accept.full);
  }

  /** @throws {SkeinError} `allreduce/bad-lock` after the attempt was dropped, without whoever claims another lock */
  #binding(accepts: readonly AcceptRecord[], lock: Lock | null): Binding | null {
    try {
      return bindingOf(accepts, lock, (claim, full) => this.#joining.prove(claim, full));
    } catch (error) {
      const claimer = isSkeinError(error) ? error.payload.claimer : undefined;
      this.#endings.drop("bad lock", typeof claimer === "string" ? [claimer] : []);
      throw error;
    }
  }

  /** @param full what the accept's claim names */
  #countAccept(accept: Header<"accept">, full: Lock | null, from: Hotkey = this.#core.self): void {
    const core = this.#core;
    const attempt = core.attempt!;
    const { lock: claim, holds, signature } = accept;
    const record = { hotkey: from, lock: claim, holds, signature };
    attempt.accepts.set(from, { record, full });
    if (attempt.accepts.size < attempt.members.length) return;
    const accepts = attempt.members.map((m) => attempt.accepts.get(m)!.record);
    const newest = newestClaim(accepts);
    const lock = newest &&
      [...attempt.accepts.values()].find(({ record }) => record.lock?.attempt === newest.attempt)!.full;
    const bound = this.#binding(accepts, lock);
    if (bound && bound.holders.length === 0 && !core.isRecovery()) {
      core.emit("lock-without-holder", { resultDigest: bound.lock.resultDigest });
      return this.#endings.drop("no holder of the locked result", []);
    }
    core.send(audienceOf(attempt.proposal, core.self), "begin", {
      ...core.ballot(attempt.proposal, attempt.digest),
      ...briefly(attempt.proposal, accepts),
      lock,
    });
    this.#reduce.begin(attempt, bound);
  }
}

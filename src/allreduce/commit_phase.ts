/**
 * The two ballots of an attempt: reduced or carried → voting → committing → the round's end. A member votes for a result
 * that it holds, locks what has a quorum of votes, and commits to what it has locked; a quorum of commits is a
 * certificate. No vote or commit is cast for an attempt below the promised one.
 */
import type { Hotkey } from "../base/transport.ts";
import type { Attempt, OwnVote } from "./attempt.ts";
import { contentDigestOf } from "./certificate.ts";
import { refuse } from "./errors.ts";
import type { Lock } from "./lock.ts";
import type { Header } from "./messages.ts";
import { memberIndexOf, type Proposal } from "./proposal.ts";
import type { RoundCore } from "./round_core.ts";
import type { RoundEndings } from "./round_endings.ts";
import type { VoteConflict } from "./vote_conflict.ts";
import { votePayload, type VotePhase } from "./votes.ts";

export class CommitPhase {
  readonly #core: RoundCore;
  readonly #endings: RoundEndings;
  readonly #conflict: VoteConflict;

  constructor(core: RoundCore, endings: RoundEndings, conflict: VoteConflict) {
    this.#core = core;
    this.#endings = endings;
    this.#conflict = conflict;
  }

  /**
   * Accepted → carrying: the locked result must be committed again, under this attempt. → voting when it is at hand.
   * @param holders who can serve it
   */
  carry(attempt: Attempt, carried: Lock, holders: readonly Hotkey[]): void {
    const core = this.#core;
    attempt.stage = "carrying";
    attempt.carried = carried;
    const { origin, resultDigest } = carried;
    if (core.held.has(resultDigest)) return this.vote(attempt, origin, resultDigest);
    const sources = holders.filter((h) => h !== core.self);
    core.act({ type: "fetch", resultDigest, origin, sources });
  }

  /** Carrying → voting. */
  fetched(resultDigest: string): void {
    const { attempt } = this.#core;
    if (attempt?.stage === "carrying" && attempt.carried?.resultDigest === resultDigest) {
      this.vote(attempt, attempt.carried.origin, resultDigest);
    }
  }

  /** Carrying → none. */
  fetchFailed(resultDigest: string): void {
    const { attempt } = this.#core;
    if (attempt?.stage === "carrying" && attempt.carried?.resultDigest === resultDigest) {
      this.#endings.drop("the locked result could not be fetched", []);
    }
  }

  /** Reducing or carrying → voting. @param origin the proposal under which it was reduced */
  vote(attempt: Attempt, origin: Proposal, resultDigest: string): void {
    const core = this.#core;
    const { proposal, digest } = attempt;
    attempt.stage = "voting";
    attempt.sinceMs = core.nowMs;
    core.ownVote = { digest, proposal, origin, resultDigest };
    this.#cast("vote", core.ownVote);
    this.#prepareIfQuorum(digest, resultDigest);
    this.#conflict.check(attempt);
    if (core.attempt === attempt && !core.isCommitReachable(attempt) && !attempt.sealsFrom) {
      this.#endings.drop("no quorum in reach", []);
    }
  }

  onVote(phase: VotePhase, from: Hotkey, vote: Header<"vote">): void {
    const core = this.#core;
    const proposal = core.votes.proposal(vote.proposalDigest);
    if (!proposal || proposal.attempt !== vote.attempt || memberIndexOf(proposal, from) < 0) return;
    if (!core.isSigned(proposal, from, votePayload(phase, vote), vote.signature)) {
      throw refuse(
        "allreduce/bad-signature",
        `read a ${phase} of ${from}: a wrong signature, its own is required`,
      );
    }
    let isNew: boolean;
    try {
      isNew = core.votes.add(phase, vote.proposalDigest, from, vote.resultDigest, vote.signature);
    } catch (error) {
      core.convict(from, `two ${phase}s`);
      throw error;
    }
    if (!isNew) return;
    const { stage, sinceMs, digest } = core.attempt ?? {};
    if (digest === vote.proposalDigest && (stage === "voting" || stage === "committing")) {
      core.deps.pace.observe("vote", core.nowMs - sinceMs!);
    }
    if (phase === "commit") return this.#commitIfQuorum(vote.proposalDigest, vote.resultDigest);
    this.#prepareIfQuorum(vote.proposalDigest, vote.resultDigest);
    if (core.attempt?.digest === vote.proposalDigest) this.#conflict.check(core.attempt);
  }

  #cast(phase: VotePhase, { digest, proposal, resultDigest }: OwnVote): void {
    const core = this.#core;
    const ballot = { ...core.ballot(proposal, digest), resultDigest };
    const signature = core.sign(votePayload(phase, ballot));
    core.send(core.others(proposal), phase, { ...ballot, signature });
    core.votes.add(phase, digest, core.self, resultDigest, signature);
  }

  /** Voting → committing: locks what has a quorum of votes, and commits to it; unless a higher attempt has been promised since. */
  #prepareIfQuorum(digest: string, resultDigest: string): void {
    const core = this.#core;
    const own = core.ownVote;
    if (own?.digest !== digest || own.resultDigest !== resultDigest) return;
    const { proposal, origin } = own;
    const { attempt } = proposal;
    if (core.lock.promised !== attempt || core.lock.lock?.attempt === attempt) return;
    const votes = core.votes.quorum("vote", digest, resultDigest);
    if (!votes || !core.held.has(resultDigest)) return;
    const contentDigest = contentDigestOf(core.held.get(resultDigest)!);
    core.setLock({ lock: { attempt, proposal, origin, resultDigest, contentDigest, votes } });
    if (core.attempt?.digest === digest) {
      core.attempt.stage = "committing";
      core.attempt.sinceMs = core.nowMs;
    }
    this.#cast("commit", own);
    this.#commitIfQuorum(digest, resultDigest);
  }

  /** → the round's end. A quorum of commits counts even after the attempt was dropped here. */
  #commitIfQuorum(digest: string, resultDigest: string): void {
    const core = this.#core;
    const votes = core.votes.quorum("commit", digest, resultDigest);
    const chunkDigests = core.held.get(resultDigest);
    const own = core.ownVote;
    if (!votes || chunkDigests === undefined || own?.digest !== digest || own.resultDigest !== resultDigest) {
      return;
    }
    const { proposal, origin } = own;
    const { runId, outerStep, attempt } = proposal;
    core.finish({
      kind: "committed",
      certificate: { runId, outerStep, attempt, proposal, origin, resultDigest, chunkDigests, votes },
      attempts: core.attemptCount,
    });
  }
}

/**
 * The two ballots of an attempt: *vote* ("I hold this result") and, by whoever has seen a quorum of votes, *commit*. A
 * member has one vote and one commit in an attempt; a second, different one is an offence.
 */
import { utf8 } from "../base/bytes.ts";
import type { Hotkey } from "../base/transport.ts";
import { refuse } from "./errors.ts";
import { membersOf, type Proposal } from "./proposal.ts";
import { quorumOf } from "./quorum.ts";

export type VotePhase = "vote" | "commit";

export interface VoteTerms {
  readonly runId: string;
  readonly outerStep: number;
  readonly attempt: number;
  readonly proposalDigest: string;
  readonly resultDigest: string;
}

export interface SignedVote {
  readonly hotkey: Hotkey;
  readonly signature: string;
}

/** Bytes that a member signs. */
export function votePayload(phase: VotePhase, terms: VoteTerms): Uint8Array {
  return utf8(
    `skein/${phase}/2\n` +
      JSON.stringify([
        terms.runId,
        terms.outerStep,
        terms.attempt,
        terms.proposalDigest,
        terms.resultDigest,
      ]),
  );
}

interface Cast {
  readonly resultDigest: string;
  readonly signature: string;
}

interface Ballots {
  readonly proposal: Proposal;
  readonly members: readonly Hotkey[];
  readonly vote: Map<Hotkey, Cast>;
  readonly commit: Map<Hotkey, Cast>;
  /** `phase resultDigest` → how many. */
  readonly counts: Map<string, number>;
}

export class VoteBox {
  #ballots = new Map<string, Ballots>();

  /** Votes are only taken for proposals that this member accepted. */
  open(digest: string, proposal: Proposal): void {
    if (this.#ballots.has(digest)) return;
    this.#ballots.set(digest, {
      proposal,
      members: membersOf(proposal),
      vote: new Map(),
      commit: new Map(),
      counts: new Map(),
    });
  }

  proposal(digest: string): Proposal | undefined {
    return this.#ballots.get(digest)?.proposal;
  }

  /** @returns whether it is news @throws {SkeinError} `allreduce/equivocation` */
  add(phase: VotePhase, digest: string, voter: Hotkey, resultDigest: string, signature: string): boolean {
    const ballots = this.#ballots.get(digest);
    const earlier = ballots?.[phase].get(voter);
    if (!ballots || earlier?.resultDigest === resultDigest) return false;
    if (earlier) {
      throw refuse(
        "allreduce/equivocation",
        `count a ${phase} of ${voter}: two results for one proposal, one is required`,
        { voter, digest },
      );
    }
    ballots[phase].set(voter, { resultDigest, signature });
    const key = `${phase} ${resultDigest}`;
    ballots.counts.set(key, (ballots.counts.get(key) ?? 0) + 1);
    return true;
  }

  /** The signatures for this result when they are a quorum, in the group's order. */
  quorum(phase: VotePhase, digest: string, resultDigest: string): SignedVote[] | undefined {
    const ballots = this.#ballots.get(digest);
    const count = ballots?.counts.get(`${phase} ${resultDigest}`) ?? 0;
    if (!ballots || count < quorumOf(ballots.members.length)) return undefined;
    return ballots.members.flatMap((hotkey) => {
      const cast = ballots[phase].get(hotkey);
      return cast?.resultDigest === resultDigest ? [{ hotkey, signature: cast.signature }] : [];
    });
  }

  /** Can this result still get its quorum, if only `isLive` members vote from now on? */
  isReachable(
    phase: VotePhase,
    digest: string,
    resultDigest: string,
    isLive: (hotkey: Hotkey) => boolean,
  ): boolean {
    const ballots = this.#ballots.get(digest);
    if (!ballots) return false;
    const possible = ballots.members.filter((hotkey) => {
      const cast = ballots[phase].get(hotkey);
      return cast ? cast.resultDigest === resultDigest : isLive(hotkey);
    });
    return possible.length >= quorumOf(ballots.members.length);
  }

  /** Who voted for another result than this. */
  others(digest: string, resultDigest: string): Hotkey[] {
    const ballots = this.#ballots.get(digest);
    const votes = ballots?.vote ?? new Map<Hotkey, Cast>();
    if (votes.size === (ballots?.counts.get(`vote ${resultDigest}`) ?? 0)) return [];
    return [...votes].filter(([, cast]) => cast.resultDigest !== resultDigest).map(([hotkey]) => hotkey);
  }

  silent(phase: VotePhase, digest: string): Hotkey[] {
    const ballots = this.#ballots.get(digest);
    return ballots ? ballots.members.filter((hotkey) => !ballots[phase].has(hotkey)) : [];
  }
}

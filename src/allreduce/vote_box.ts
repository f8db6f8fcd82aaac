/** Votes by proposal. A member votes once for a proposal; a second, different vote is an offence. */
import type { Hotkey } from "../base/transport.ts";
import { refuse } from "./errors.ts";
import { membersOf, type Proposal } from "./proposal.ts";
import { quorumOf } from "./quorum.ts";

interface Ballot {
  readonly proposal: Proposal;
  readonly votes: Map<Hotkey, { resultDigest: string; signature: string }>;
}

export class VoteBox {
  #ballots = new Map<string, Ballot>();

  /** Votes are only taken for proposals that this member accepted. */
  open(digest: string, proposal: Proposal): void {
    if (!this.#ballots.has(digest)) this.#ballots.set(digest, { proposal, votes: new Map() });
  }

  proposal(digest: string): Proposal | undefined {
    return this.#ballots.get(digest)?.proposal;
  }

  /** @throws {SkeinError} `allreduce/equivocation` */
  add(digest: string, voter: Hotkey, resultDigest: string, signature: string): void {
    const ballot = this.#ballots.get(digest);
    if (!ballot) return;
    const earlier = ballot.votes.get(voter);
    if (earlier && earlier.resultDigest !== resultDigest) {
      throw refuse(
        "allreduce/equivocation",
        `count a vote of ${voter}: two results for one proposal, one is required`,
        { voter, digest },
      );
    }
    ballot.votes.set(voter, { resultDigest, signature });
  }

  /** The votes for this result when they are a quorum. */
  quorum(digest: string, resultDigest: string): { hotkey: Hotkey; signature: string }[] | undefined {
    const ballot = this.#ballots.get(digest);
    if (!ballot) return undefined;
    const votes = membersOf(ballot.proposal).flatMap((hotkey) => {
      const vote = ballot.votes.get(hotkey);
      return vote?.resultDigest === resultDigest ? [{ hotkey, signature: vote.signature }] : [];
    });
    return votes.length >= quorumOf(ballot.proposal.members.length) ? votes : undefined;
  }

  /** Can this result still get its quorum, if only `isLive` members vote from now on? */
  isReachable(digest: string, resultDigest: string, isLive: (hotkey: Hotkey) => boolean): boolean {
    const ballot = this.#ballots.get(digest);
    if (!ballot) return false;
    const possible = membersOf(ballot.proposal).filter((hotkey) => {
      const vote = ballot.votes.get(hotkey);
      return vote ? vote.resultDigest === resultDigest : isLive(hotkey);
    });
    return possible.length >= quorumOf(ballot.proposal.members.length);
  }

  silent(digest: string): Hotkey[] {
    const ballot = this.#ballots.get(digest);
    return ballot ? membersOf(ballot.proposal).filter((hotkey) => !ballot.votes.has(hotkey)) : [];
  }
}

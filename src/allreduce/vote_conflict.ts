/**
 * Members of one attempt voted for different results: who lied? Each shows the others the seals of what it received
 * (seals.ts), and then either a reducer has sealed two results, or somebody voted for what nobody sealed to it. Who lied
 * is left out of later attempts; the attempt itself goes on as long as its own result can still get a quorum.
 */
import type { Hotkey } from "../base/transport.ts";
import type { Attempt } from "./attempt.ts";
import type { Header } from "./messages.ts";
import { planOf } from "./proposal.ts";
import type { RoundCore } from "./round_core.ts";
import type { RoundEndings } from "./round_endings.ts";

export class VoteConflict {
  readonly #core: RoundCore;
  readonly #endings: RoundEndings;

  constructor(core: RoundCore, endings: RoundEndings) {
    this.#core = core;
    this.#endings = endings;
  }

  /** Members voted for different results: show what we received, by reducer, and see what they did. */
  check(attempt: Attempt): void {
    const core = this.#core;
    if (attempt.stage !== "voting" && attempt.stage !== "committing") return;
    const others = core.votes.others(attempt.digest, core.ownVote!.resultDigest);
    if (others.length === 0) return;
    if (attempt.carried) {
      // No proof: a leader may have told them another begin.
      return this.#dropIfHopeless(attempt, others);
    }
    attempt.sealsFrom ??= new Set();
    // Of a large group only to those who voted otherwise: a thousand seals are hundreds of kilobytes.
    const audience = planOf(attempt.proposal).grid ? others : core.others(attempt.proposal);
    const unshown = audience.filter((hotkey) => !attempt.sealsShown.has(hotkey));
    if (unshown.length === 0) return;
    for (const hotkey of unshown) attempt.sealsShown.add(hotkey);
    const spans = attempt.seals.list();
    core.send(unshown, "seals", { ...core.ballot(attempt.proposal, attempt.digest), spans });
  }

  onSeals(from: Hotkey, { proposalDigest: digest, spans }: Header<"seals">): void {
    const core = this.#core;
    const { attempt } = core;
    if (attempt?.digest !== digest || !attempt.members.includes(from)) return;
    if (attempt.stage !== "voting" && attempt.stage !== "committing") return;
    this.check(attempt);
    attempt.sealsFrom?.add(from);
    const liars = attempt.seals.equivocators(spans);
    const others = core.votes.others(digest, core.ownVote!.resultDigest);
    if (liars.length === 0 && others.includes(from)) liars.push(from);
    for (const liar of liars) {
      core.convict(liar, liar === from ? "a vote for what it did not receive" : "two seals");
    }
    const isHeard = others.every((hotkey) => attempt.sealsFrom?.has(hotkey));
    if (isHeard) this.#dropIfHopeless(attempt, liars);
  }

  #dropIfHopeless(attempt: Attempt, liars: readonly Hotkey[]): void {
    if (this.#core.attempt === attempt && !this.#core.isCommitReachable(attempt)) {
      this.#endings.drop("votes differ", liars);
    }
  }
}

/**
 * The reduce phase of an attempt: accepted → reducing → voting. What the reduction asks for (reduction.ts) becomes actions
 * here, and what went wrong becomes complaints and suspicions. Invariant: a result is complete only when each reducer has
 * sealed its span, so that whoever sent different results to different members has signed both.
 */
import type { Hotkey } from "../base/transport.ts";
import type { Attempt } from "./attempt.ts";
import { resultDigestOf } from "./certificate.ts";
import type { CommitPhase } from "./commit_phase.ts";
import { refuse } from "./errors.ts";
import type { Binding } from "./lock.ts";
import type { Header } from "./messages.ts";
import { memberIndexOf, planOf } from "./proposal.ts";
import { quorumOf } from "./quorum.ts";
import type { ReduceAction } from "./reduce_machine.ts";
import type { RoundCore } from "./round_core.ts";
import type { RoundEndings } from "./round_endings.ts";
import type { RoundEvent } from "./round_types.ts";
import { sealPayload, spanDigestOf } from "./seals.ts";

/** What became of the chunks of an attempt. */
type ReduceEvent = Extract<
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
>;

/** So often in a round a member may accuse others and be believed. */
const MAX_COMPLAINTS = 2;

export class ReducePhase {
  readonly #core: RoundCore;
  readonly #endings: RoundEndings;
  readonly #commit: CommitPhase;
  readonly #complaints = new Map<Hotkey, number>();

  constructor(core: RoundCore, endings: RoundEndings, commit: CommitPhase) {
    this.#core = core;
    this.#endings = endings;
    this.#commit = commit;
  }

  /** Accepted → reducing, or carrying when it is bound to an earlier result that somebody can serve. */
  begin(attempt: Attempt, bound: Binding | null): void {
    const core = this.#core;
    const carried = bound && bound.holders.length > 0 ? bound.lock : null;
    attempt.sinceMs = core.nowMs;
    core.emit("round-began", {
      outerStep: attempt.proposal.outerStep,
      attempt: attempt.proposal.attempt,
      members: attempt.members.length,
      isCarried: carried !== null,
    });
    if (carried) return this.#commit.carry(attempt, carried, bound!.holders);
    attempt.stage = "reducing";
    this.step(attempt, attempt.reduce.begin(core.nowMs));
    for (let i = 0; i < attempt.members.length && core.attempt === attempt; i++) {
      if (core.candidates.isLive(attempt.members[i])) continue;
      this.step(attempt, attempt.reduce.memberDown(i, core.nowMs));
    }
  }

  onEvent(event: ReduceEvent): void {
    const core = this.#core;
    const attempt = core.attemptAt(event.digest);
    if (!attempt) return;
    if (event.type === "reduced") {
      return this.step(
        attempt,
        attempt.reduce.reduced(event.chunk, event.chunkDigest, core.nowMs),
      );
    }
    if (event.type === "summed") {
      return this.step(attempt, attempt.reduce.summed?.(event.chunk, core.nowMs) ?? []);
    }
    const sender = memberIndexOf(attempt.proposal, event.from);
    if (sender < 0) return;
    if (event.type === "partial") {
      return this.step(attempt, attempt.reduce.partial?.(sender, event.chunk, core.nowMs) ?? []);
    }
    if (event.type === "reduce-failed") {
      return this.step(
        attempt,
        attempt.reduce.failed(event.chunk, sender, event.code, core.nowMs),
      );
    }
    if (event.type === "contributed") {
      this.step(attempt, attempt.reduce.contributed(sender, event.chunk, core.nowMs));
    } else if (event.type === "corrupt") {
      this.step(attempt, attempt.reduce.exclude(sender, event.code, core.nowMs, event.chunk));
    } else if (event.type === "result") {
      this.#onResult(attempt, sender, event);
    } else if (attempt.stage === "reducing") {
      this.#complain(attempt, [event.from]);
    }
  }

  /** Does what the reduction of this attempt asks for. Reducing → voting when it is complete, → none when it stalls. */
  step(attempt: Attempt, actions: readonly ReduceAction[]): void {
    const core = this.#core;
    const stalled: Hotkey[] = [];
    for (const action of actions) {
      if (core.attempt !== attempt) return;
      if (action.type === "stalled") stalled.push(attempt.members[action.reducer]);
      else if (action.type === "complete") this.#completed(attempt, action.chunkDigests);
      else if (action.type === "publish") {
        const sealed = { ...action, seal: this.#sealOwn(attempt) };
        core.act({ type: "reduce", digest: attempt.digest, action: sealed });
      } else if (action.type === "forward") {
        const sealed = { ...action, seal: this.#sealOf(attempt, action.chunk) };
        core.act({ type: "reduce", digest: attempt.digest, action: sealed });
      } else core.act({ type: "reduce", digest: attempt.digest, action });
      if (action.type === "excluded") {
        if (action.code === "allreduce/late") core.deps.pace.expired("sender");
        core.emit("sender-excluded", {
          peer: attempt.members[action.sender],
          chunk: action.chunk,
          code: action.code,
        });
      }
    }
    if (stalled.some((hotkey) => core.candidates.isLive(hotkey))) {
      core.deps.pace.expired("reducer");
    }
    if (stalled.length > 0 && attempt.stage === "reducing") this.#complain(attempt, stalled);
    else if (stalled.length > 0) this.#endings.drop("member down", stalled);
  }

  /**
   * The leader starts over without the accused, if they may have stalled as it sees them; otherwise it goes on without the
   * accuser, who has given up. A member that keeps accusing is left out as well, and so is one whose word is all that
   * speaks against the member of its row that passes results on.
   */
  onComplaint(from: Hotkey, complaint: Header<"complaint">): void {
    const core = this.#core;
    const { attempt } = core;
    if (
      !attempt || complaint.proposalDigest !== attempt.digest || attempt.proposal.leader !== core.self
    ) {
      return;
    }
    if (!attempt.members.includes(from)) return;
    const complaintCount = (this.#complaints.get(from) ?? 0) + 1;
    this.#complaints.set(from, complaintCount);
    const { proposal, reduce } = attempt;
    // One at a time: a liar's word could else empty the group.
    const known = complaint.suspects.filter((h) => h !== core.self && memberIndexOf(proposal, h) >= 0)
      .slice(0, 1);
    const accused = known.filter((hotkey) => reduce.owes(memberIndexOf(proposal, hotkey)));
    const accuser = memberIndexOf(proposal, from);
    const relays = known.filter((hotkey) => reduce.passesOn?.(memberIndexOf(proposal, hotkey), accuser));
    if (complaintCount > MAX_COMPLAINTS || accused.length === 0) accused.push(...relays, from);
    const isIdle = accused.length === 1 && accused[0] === from;
    if (isIdle && attempt.members.length - 1 >= quorumOf(attempt.members.length)) {
      return core.suspect(from);
    }
    this.#endings.drop("complaint", accused);
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
    this.step(attempt, actions);
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

  /** Reducing → voting; or the round's end when the others have committed meanwhile. */
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
    this.#commit.vote(attempt, attempt.proposal, resultDigest);
  }

  /** Reducing → none; the leader hears why. */
  #complain(attempt: Attempt, suspects: readonly Hotkey[]): void {
    const core = this.#core;
    const { leader } = attempt.proposal;
    core.send(leader === core.self ? [] : [leader], "complaint", {
      ...core.ballot(attempt.proposal, attempt.digest),
      suspects: [...suspects],
    });
    this.#endings.drop("stalled", suspects);
  }
}

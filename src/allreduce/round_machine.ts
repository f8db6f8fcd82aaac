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
 *
 * Each phase is a file: group_leader.ts and group_member.ts (with joining.ts) make the attempt, reduce_phase.ts and
 * commit_phase.ts (with vote_conflict.ts) bring it to its end, round_endings.ts drops it or ends the round; they share
 * round_core.ts and call only what is named after them here. This file hands them the events, the time and the links.
 */
import type { Hotkey } from "../base/transport.ts";
import { CommitPhase } from "./commit_phase.ts";
import { suspectsOf, tellerOf } from "./grid_relay.ts";
import { GroupLeader } from "./group_leader.ts";
import { GroupMember } from "./group_member.ts";
import { Joining } from "./joining.ts";
import type { Phase } from "./pace.ts";
import { memberIndexOf } from "./proposal.ts";
import { ReducePhase } from "./reduce_phase.ts";
import { RoundCore, type RoundMachineDeps } from "./round_core.ts";
import { RoundEndings } from "./round_endings.ts";
import type { RoundAction, RoundEnd, RoundEvent, RoundMachineOptions } from "./round_types.ts";
import { VoteConflict } from "./vote_conflict.ts";

export type { RoundMachineDeps } from "./round_core.ts";

export class RoundMachine {
  readonly #core: RoundCore;
  readonly #endings: RoundEndings;
  readonly #conflict: VoteConflict;
  readonly #commit: CommitPhase;
  readonly #reduce: ReducePhase;
  readonly #leader: GroupLeader;
  readonly #member: GroupMember;

  constructor(options: RoundMachineOptions, deps: RoundMachineDeps, nowMs: number) {
    const core = new RoundCore(options, deps, nowMs);
    const endings = new RoundEndings(core);
    const conflict = new VoteConflict(core, endings);
    const commit = new CommitPhase(core, endings, conflict);
    const reduce = new ReducePhase(core, endings, commit);
    const joining = new Joining(core);
    this.#core = core;
    this.#endings = endings;
    this.#conflict = conflict;
    this.#commit = commit;
    this.#reduce = reduce;
    this.#leader = new GroupLeader(core, endings, joining, reduce);
    this.#member = new GroupMember(core, joining, reduce);
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
        return this.#leader.onReady(event.from, event.header);
      case "propose":
        return this.#member.onPropose(event.from, event.header);
      case "outline":
        return this.#member.onOutline(event.from, event.header);
      case "want":
        return this.#member.onWant(event.from, event.header);
      case "accept":
        return this.#leader.onAccept(event.from, event.header);
      case "refuse":
        return this.#leader.onRefuse(event.from, event.header);
      case "begin":
        return this.#member.onBegin(event.from, event.header);
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

  /** Whatever has lasted too long is dropped, and who was waited for is suspected. */
  #onTick(nowMs: number, block: number, expected: readonly Hotkey[]): void {
    const core = this.#core;
    core.nowMs = nowMs;
    core.block = block;
    core.expected = expected;
    const { attempt } = core;
    if (this.#endings.isPulling) return;
    if (!attempt) return this.#leader.leadIfDue();
    const { pace } = core.deps;
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
      expire("begin", "no begin", [...new Set([proposal.leader, tellerOf(proposal, core.self)])]);
    } else if (attempt.stage === "carrying" && ageMs > timeouts.reducerTimeoutMs) {
      this.#endings.drop("no result to carry", []);
    } else if (attempt.stage === "voting" && ageMs > timeouts.voteTimeoutMs) {
      const others = core.votes.others(attempt.digest, core.ownVote!.resultDigest);
      const hiding = others.filter((hotkey) => !attempt.sealsFrom?.has(hotkey));
      expire("vote", "no quorum", [...core.votes.silent("vote", attempt.digest), ...hiding]);
    } else if (attempt.stage === "committing" && ageMs > timeouts.voteTimeoutMs) {
      expire("vote", "no commit", core.votes.silent("commit", attempt.digest));
    } else if (attempt.stage === "reducing") {
      this.#reduce.step(attempt, attempt.reduce.tick(nowMs));
    }
  }

  /** An attempt goes on without a member only where the reduction or the ballot can. */
  #onPeer(peer: Hotkey, isUp: boolean): void {
    const core = this.#core;
    core.candidates.setLive(peer, isUp);
    if (isUp) return core.send([peer], "ready", { ...core.options.ready });
    const { attempt } = core;
    const index = attempt?.members.indexOf(peer) ?? -1;
    if (!attempt || index < 0) return;
    const isLost = attempt.stage === "proposing" ||
      (attempt.stage === "accepted" && attempt.proposal.leader === peer) ||
      !core.isCommitReachable(attempt);
    if (isLost) return this.#endings.drop("member down", []);
    if (attempt.stage === "reducing" || attempt.stage === "accepted") {
      this.#reduce.step(attempt, attempt.reduce.memberDown(index, core.nowMs));
    }
  }
}

/**
 * What the leader and the other members of a proposal do alike: pass it on, promise to take part, and check what is
 * claimed of earlier attempts. Invariant: an accept leaves after the lock that holds its promise, and says of the earlier
 * attempts all that its sender knows: its lock, and the results that it can serve.
 */
import type { Proposed } from "./attempt.ts";
import { mayGoOn } from "./certificate.ts";
import { refuse } from "./errors.ts";
import { audienceOf } from "./grid_relay.ts";
import {
  acceptPayload,
  type AcceptRecord,
  type Lock,
  type LockSummary,
  provenLock,
  type RoundLock,
  summaryOf,
} from "./lock.ts";
import type { Header } from "./messages.ts";
import { outlineOf } from "./outline.ts";
import { checkProposal, membersOf, planOf, type Proposal } from "./proposal.ts";
import { newReduction } from "./reduction.ts";
import type { RoundCore } from "./round_core.ts";
import { Seals } from "./seals.ts";

export class Joining {
  readonly #core: RoundCore;
  /** By what they claim: the locks that were proven in this round. */
  readonly #proven = new Map<string, Lock>();

  constructor(core: RoundCore) {
    this.#core = core;
  }

  /** Tells those who are to hear of a proposal from us. */
  tell({ proposal, signature }: Proposed): void {
    const core = this.#core;
    const audience = audienceOf(proposal, core.self);
    if (planOf(proposal).grid) core.send(audience, "outline", outlineOf(proposal, signature));
    else core.send(audience, "propose", { proposal, signature });
  }

  /** None, or an attempt below → proposing or accepted: from here on this member takes part in no lower attempt. */
  accept(
    { proposal, signature: leadersSignature }: Proposed,
    digest: string,
    stage: "proposing" | "accepted",
  ): Header<"accept"> {
    const core = this.#core;
    if (core.attempt) core.forget(core.attempt);
    const members = membersOf(proposal);
    const plan = planOf(proposal);
    core.enter({
      proposal,
      digest,
      members,
      reduce: newReduction(
        plan,
        members.indexOf(core.self),
        core.deps.pace.timeouts,
        (phase, ms) => core.deps.pace.observe(phase, ms),
        core.options.ready.bandwidthBytesPerSec,
        core.options.sizes,
        (member) => core.deps.isLossy?.(members[member]) ?? false,
      ),
      stage,
      sinceMs: core.nowMs,
      accepts: new Map(),
      seals: new Seals(digest, proposal.members, core.deps.roundKeys),
      signature: leadersSignature,
      wanted: new Set(),
      sealsShown: new Set(),
    });
    core.setLock({
      promised: proposal.attempt,
      groups: withGroup(core.lock.groups, { attempt: proposal.attempt, members }),
    });
    core.act({ type: "open", digest, proposal, plan });
    const full = core.lock.lock;
    const lock = full && summaryOf(full);
    const holds = [...core.held.keys()];
    const ballot = core.ballot(proposal, digest);
    const signature = core.sign(acceptPayload(ballot, { lock, holds }));
    return { ...ballot, lock, holds, full: full as Header<"accept">["full"], signature };
  }

  /** @throws {SkeinError} `allreduce/bad-proposal` */
  check(proposal: Proposal): void {
    const { options, deps } = this.#core;
    checkProposal(proposal, options.shape, {
      verify: deps.verify,
      isMember: (hotkey) => deps.isMember(hotkey),
    });
  }

  /** @throws {SkeinError} `allreduce/bad-lock` when the claim is not from before this proposal */
  checkClaim(claim: AcceptRecord["lock"], { attempt }: Proposal): void {
    if (claim === null || claim.attempt < attempt) return;
    throw refuse(
      "allreduce/bad-lock",
      `check a lock: a claim of attempt ${claim.attempt}, one below ${attempt} is required`,
    );
  }

  /**
   * Of one result a group of a thousand shows a thousand locks, each with hundreds of votes: one that is proven is enough.
   * @returns a lock as is claimed, with votes that are right @throws {SkeinError} `allreduce/bad-lock`, `allreduce/bad-proposal`
   */
  prove(claim: LockSummary, full: Lock | null): Lock {
    const { attempt, proposalDigest, originDigest, resultDigest } = claim;
    const key = [attempt, proposalDigest, originDigest, resultDigest].join();
    const known = this.#proven.get(key);
    if (known !== undefined) return known;
    const lock = provenLock(claim, full, this.#proofRules);
    this.#proven.set(key, lock);
    return lock;
  }

  /** How locks that others show are checked: as the proposals themselves would have been, whenever that was. */
  get #proofRules() {
    const core = this.#core;
    const { shape, ready: { anchorRoot, outerStep, runId } } = core.options;
    const { verify, roundKeys, wasMember } = core.deps;
    return {
      roundKeys,
      checkProposal: (p: Proposal) => {
        if (p.anchorRoot !== anchorRoot || p.outerStep !== outerStep || p.runId !== runId) {
          throw refuse("allreduce/bad-lock", "check a lock: it is of another round, this one is required");
        }
        checkProposal(p, shape, { verify, isMember: (hotkey) => wasMember(hotkey) });
        if (!mayGoOn(p, core.continuity)) {
          throw refuse(
            "allreduce/bad-lock",
            `check a lock: a group of ${p.members.length} without enough of the one before it, continuity is required`,
          );
        }
      },
    };
  }
}

/** Each set of members once, with its latest attempt: what a later group must cut does not depend on the attempt. */
function withGroup(groups: RoundLock["groups"], group: RoundLock["groups"][number]): RoundLock["groups"] {
  const key = group.members.join();
  return [...groups.filter(({ members }) => members.join() !== key), group];
}

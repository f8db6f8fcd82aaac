/**
 * What a member knows of the attempt it takes part in. There is at most one at a time; what outlives it (the lock, the own
 * vote, the held results) is kept by the round (round_core.ts).
 */
import type { Hotkey } from "../base/transport.ts";
import type { AcceptRecord, Lock } from "./lock.ts";
import type { Proposal } from "./proposal.ts";
import type { Reduction } from "./reduction.ts";
import type { Seals } from "./seals.ts";

/** `proposing`: the leader only; `carrying`: an earlier attempt's result is on its way here, to be committed again. */
export type Stage = "proposing" | "accepted" | "reducing" | "carrying" | "voting" | "committing";

export interface Attempt {
  readonly proposal: Proposal;
  readonly digest: string;
  readonly members: readonly Hotkey[];
  readonly reduce: Reduction;
  stage: Stage;
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
export interface Proposed {
  readonly proposal: Proposal;
  readonly signature: string;
}

/** What this member voted for last. */
export interface OwnVote {
  readonly digest: string;
  readonly proposal: Proposal;
  readonly origin: Proposal;
  readonly resultDigest: string;
}

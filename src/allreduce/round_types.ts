/** What goes into the round machine and what comes out. All plain data: a trace of events replays a round. */
import type { LogEvent } from "../base/log.ts";
import type { Hotkey } from "../base/transport.ts";
import type { Certificate } from "./certificate.ts";
import type { RoundLock } from "./lock.ts";
import type { Header, Kind } from "./messages.ts";
import type { Proposal, Ready, RunShape } from "./proposal.ts";
import type { ReduceAction, ReduceOptions } from "./reduce_machine.ts";
import type { ChunkSizes } from "./reduction.ts";
import type { SpanPlan } from "./span_plan.ts";

export interface RoundTimeouts extends ReduceOptions {
  /** A candidate of rank r leads after r times this without a leader. */
  readonly leaderTimeoutMs: number;
  /** All accepts must be in; then the silent are left out. */
  readonly acceptTimeoutMs: number;
  /** From accept to begin, and from vote to certificate. */
  readonly beginTimeoutMs: number;
  readonly voteTimeoutMs: number;
  /** How long a member that stalled an attempt is left out of the next. */
  readonly suspectMs: number;
}

export interface RoundMachineOptions {
  readonly shape: RunShape;
  readonly sizes: ChunkSizes;
  /** Our own signed ready. */
  readonly ready: Ready;
  readonly previousMembers: readonly Hotkey[];
  /** As in `GroupRules`. */
  readonly widerGroup?: readonly Hotkey[];
  readonly deadlineBlock: number;
  readonly recoveryBlocks: number;
  /** Members connected at the start. */
  readonly live: readonly Hotkey[];
  /** What a crash or an abort left behind. */
  readonly lock?: RoundLock;
  /** Results whose chunks are at hand: result digest → chunk digests. */
  readonly held?: ReadonlyMap<string, string>;
}

type Received = {
  [K in Exclude<Kind, "chunk" | "partial" | "result" | "certificate" | "pull">]: {
    readonly type: K;
    readonly from: Hotkey;
    readonly header: Header<K>;
  };
}[Exclude<Kind, "chunk" | "partial" | "result" | "certificate" | "pull">];

export type RoundEvent =
  | Received
  | {
    readonly type: "tick";
    readonly nowMs: number;
    readonly block: number;
    readonly expected: readonly Hotkey[];
  }
  | { readonly type: "peer"; readonly peer: Hotkey; readonly isUp: boolean }
  /** The driver has checked its signatures. */
  | { readonly type: "certificate"; readonly certificate: Certificate }
  /** The driver has checked digest, size and decodability, and keeps the bytes. */
  | { readonly type: "contributed"; readonly from: Hotkey; readonly digest: string; readonly chunk: number }
  | {
    readonly type: "corrupt";
    readonly from: Hotkey;
    readonly digest: string;
    readonly chunk: number;
    readonly code: string;
  }
  /** In a grid: our row's sum is on its way to the owner; a row's sum has come to us, the owner. */
  | { readonly type: "summed"; readonly digest: string; readonly chunk: number }
  | { readonly type: "partial"; readonly from: Hotkey; readonly digest: string; readonly chunk: number }
  | {
    readonly type: "reduced";
    readonly digest: string;
    readonly chunk: number;
    readonly chunkDigest: string;
  }
  /** The sum is not finite, and this sender's contribution is the largest. */
  | {
    readonly type: "reduce-failed";
    readonly from: Hotkey;
    readonly digest: string;
    readonly chunk: number;
    readonly code: string;
  }
  | {
    readonly type: "result";
    readonly from: Hotkey;
    readonly digest: string;
    readonly chunk: number;
    readonly chunkDigest: string;
    readonly seal: string | null;
  }
  /** A result that no honest reducer can have sent. */
  | { readonly type: "corrupt-result"; readonly from: Hotkey; readonly digest: string }
  | { readonly type: "fetched"; readonly resultDigest: string; readonly chunkDigests: string }
  | { readonly type: "fetch-failed"; readonly resultDigest: string };

export type RoundEnd =
  | { readonly kind: "committed"; readonly certificate: Certificate; readonly attempts: number }
  | { readonly kind: "aborted"; readonly code: string; readonly reason: string }
  | { readonly kind: "superseded"; readonly outerStep: number };

/** In order: a lock must be durable before the sends behind it leave. `digest` names the attempt's proposal. */
export type RoundAction =
  | {
    readonly type: "send";
    readonly to: readonly Hotkey[] | "all";
    readonly kind: Kind;
    readonly header: Record<string, unknown>;
  }
  | { readonly type: "lock"; readonly lock: RoundLock }
  | { readonly type: "open"; readonly digest: string; readonly proposal: Proposal; readonly plan: SpanPlan }
  | { readonly type: "reduce"; readonly digest: string; readonly action: ReduceAction }
  /** The attempt is dead: forget its chunks. */
  | { readonly type: "drop"; readonly digest: string }
  /** The attempt's result chunks are complete: keep them under their result digest. */
  | {
    readonly type: "hold";
    readonly digest: string;
    readonly origin: Proposal;
    readonly resultDigest: string;
    readonly chunkDigests: string;
  }
  /** No longer worth its memory. */
  | { readonly type: "release"; readonly resultDigest: string }
  | {
    readonly type: "fetch";
    readonly resultDigest: string;
    readonly origin: Proposal;
    readonly sources: readonly Hotkey[];
    readonly chunkDigests?: string;
  }
  | { readonly type: "emit"; readonly event: LogEvent }
  | { readonly type: "done"; readonly end: RoundEnd };

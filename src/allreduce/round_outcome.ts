/** What a round came to, for whoever takes the outer step. */
import type { Certificate } from "./certificate.ts";
import type { SpanPlan } from "./span_plan.ts";

export interface RoundStats {
  readonly members: number;
  readonly attempts: number;
  /** The whole tensor, encoded and as f32. */
  readonly encodedBytes: number;
  readonly rawBytes: number;
  /** All traffic of this node while the round ran. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly seconds: number;
}

export type RoundOutcome =
  | {
    readonly kind: "committed";
    readonly certificate: Certificate;
    /** Encoded, in element order: `decodeResult(certificate.origin, chunks, codec)`. */
    readonly chunks: readonly Uint8Array[];
    readonly plan: SpanPlan;
    readonly stats: RoundStats;
  }
  | { readonly kind: "aborted"; readonly code: string; readonly reason: string }
  /** The swarm is at `outerStep` without us: fetch that state from peers. */
  | { readonly kind: "superseded"; readonly outerStep: number };

/** What a round came to, for whoever takes the outer step. */
import type { Certificate } from "./certificate.ts";
import { planOf } from "./proposal.ts";
import type { ResultStore } from "./result.ts";
import type { EncodedChunks } from "./result_space.ts";
import type { RoundEnd } from "./round_types.ts";
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
    /** `decodeResult(certificate.origin, chunks, codec)`; they can be read until a later step is committed. */
    readonly chunks: EncodedChunks;
    readonly plan: SpanPlan;
    readonly stats: RoundStats;
  }
  | { readonly kind: "aborted"; readonly code: string; readonly reason: string }
  /** The swarm is at `outerStep` without us: fetch that state from peers. */
  | { readonly kind: "superseded"; readonly outerStep: number };

/** @param store holds the result of a round that committed */
export function outcomeOf(
  end: RoundEnd,
  store: Pick<ResultStore, "get">,
  measured: Pick<RoundStats, "sentBytes" | "receivedBytes" | "seconds">,
): RoundOutcome {
  if (end.kind !== "committed") return end;
  const { certificate } = end;
  const { chunks } = store.get(certificate.resultDigest)!;
  const plan = planOf(certificate.origin);
  return {
    kind: "committed",
    certificate,
    chunks,
    plan,
    stats: {
      members: certificate.proposal.members.length,
      attempts: end.attempts,
      encodedBytes: chunks.byteLength,
      rawBytes: 4 * plan.elementCount,
      ...measured,
    },
  };
}

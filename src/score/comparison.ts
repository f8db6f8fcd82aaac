/**
 * A miner's claimed change of parameters against the one replayed by the validator: direction and length. Changes
 * are compared, never parameters: after a few steps the parameters of an idle miner and of a diligent one still have
 * a cosine of nearly 1.
 */
import { assert } from "../base/assert.ts";

export interface DeltaComparison {
  /** ⟨claimed, replayed⟩ / (‖claimed‖·‖replayed‖), 0 when either is zero, NaN when one is not finite. */
  readonly cosine: number;
  /** ‖claimed‖ / ‖replayed‖; Infinity or NaN when the replay is zero. */
  readonly relativeNorm: number;
  readonly claimedNorm: number;
  readonly replayedNorm: number;
}

/**
 * Sums in f64.
 * @param claimed the decoded waypoint [n]
 * @param replayed local − anchor of the validator's own replay [n]
 */
export function compareDeltas(claimed: Float32Array, replayed: Float32Array): DeltaComparison {
  assert(claimed.length === replayed.length, "compare deltas: of equal length");
  let dot = 0;
  let claimedSquares = 0;
  let replayedSquares = 0;
  for (let i = 0; i < claimed.length; i++) {
    dot += claimed[i] * replayed[i];
    claimedSquares += claimed[i] * claimed[i];
    replayedSquares += replayed[i] * replayed[i];
  }
  const claimedNorm = Math.sqrt(claimedSquares);
  const replayedNorm = Math.sqrt(replayedSquares);
  const product = claimedNorm * replayedNorm;
  return {
    cosine: product === 0 ? 0 : dot / product,
    relativeNorm: claimedNorm / replayedNorm,
    claimedNorm,
    replayedNorm,
  };
}

/**
 * Means that one liar cannot carry off. Both work on a chunk alone, because a reducer sees nothing else.
 *
 *   clip: a contribution longer than the median length is scaled down to it (SparseLoCo does this to pseudo-gradients):
 *         factorᵢ = min(1, median(‖x‖) / ‖xᵢ‖). Direction is kept, and a huge one weighs no more than a common one.
 *   trim: of each element's values the `trim` lowest and the `trim` highest are dropped and the rest averaged by
 *         weight (Yin et al. 2018, "Byzantine-robust distributed learning"): bounded by honest values as long as at
 *         most `trim` members lie. With 2·trim members or fewer as many are dropped as leave one or two.
 */
export interface RobustOptions {
  readonly clip?: boolean;
  /** Values dropped at each end of an element. */
  readonly trim?: number;
}

export function squaredNorm(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return sum;
}

/** @param squaredNorms of the contributions → what to multiply each by, in (0, 1] */
export function clipFactors(squaredNorms: readonly number[]): number[] {
  const norms = squaredNorms.map(Math.sqrt);
  const sorted = [...norms].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  // A median of zero would silence everybody who has something to say: then nobody is clipped.
  return norms.map((norm) => median > 0 && norm > median ? Math.fround(median / norm) : 1);
}

/** How many to drop at each end of `members` values: as wanted, but one or two must be left. */
export function dropCount(members: number, trim: number): number {
  return Math.min(trim, (members - 1) >> 1);
}

/**
 * @param rows contributions [members][elements]
 * @param shares weights [members], above zero
 * @param factors what each contribution is multiplied by first [members]
 */
export function trimmedMean(
  rows: readonly Float32Array[],
  shares: readonly number[],
  factors: readonly number[],
  trim: number,
): Float32Array {
  const drop = dropCount(rows.length, trim);
  const order = rows.map((_, member) => member);
  const mean = new Float32Array(rows[0].length);
  const values = new Float32Array(rows.length);
  for (let e = 0; e < mean.length; e++) {
    for (let member = 0; member < rows.length; member++) values[member] = factors[member] * rows[member][e];
    // By value, then by member: the order of equals decides whose weight counts.
    order.sort((a, b) => values[a] - values[b] || a - b);
    let sum = 0;
    let weight = 0;
    for (let i = drop; i < order.length - drop; i++) {
      sum += shares[order[i]] * values[order[i]];
      weight += shares[order[i]];
    }
    mean[e] = sum / weight;
  }
  return mean;
}

/**
 * How weights are scaled before they are stored, and how large the largest may be: the runtime's fixed-point arithmetic
 * with 32 bits behind the point, truncated where it truncates.
 */
const U16_MAX = 65535n;
const FRACTION_BITS = 32n;
/** Above it the runtime multiplies by a ratio, at or below it divides a product; the last bit may differ. */
const RATIO_ABOVE = 32768n;

/** The largest becomes 65535, the others keep their ratio to it. All zero stays so. */
export function maxUpscale(weights: readonly number[]): number[] {
  const max = BigInt(Math.max(0, ...weights));
  if (max === 0n) return [...weights];
  const ratio = (U16_MAX << FRACTION_BITS) / max;
  return weights.map((weight) => {
    const scaled = max > RATIO_ABOVE
      ? BigInt(weight) * ratio
      : ((BigInt(weight) * U16_MAX) << FRACTION_BITS) / max;
    const rounded = (scaled + (1n << (FRACTION_BITS - 1n))) >> FRACTION_BITS;
    return Number(rounded < U16_MAX ? rounded : U16_MAX);
  });
}

/** Whether no weight is more than `limit` of 65535 of their sum. */
export function isMaxLimited(weights: readonly number[], limit: number): boolean {
  const sum = weights.reduce((total, weight) => total + BigInt(weight), 0n);
  if (sum === 0n) return true;
  const largest = (BigInt(Math.max(...weights)) << FRACTION_BITS) / sum;
  return largest <= (BigInt(limit) << FRACTION_BITS) / U16_MAX;
}

/** Who may validate: those with the most stake, if they have any. */
import type { Fixed } from "./fixed_point.ts";

/** Of equals the later uid wins. */
export function topStaked(stake: readonly Fixed[], count: number): boolean[] {
  const ascending = stake.map((_, i) => i).sort((a, b) =>
    stake[a] < stake[b] ? -1 : stake[a] > stake[b] ? 1 : a - b
  );
  const top = new Set(ascending.slice(Math.max(0, stake.length - count)));
  return stake.map((each, i) => each !== 0n && top.has(i));
}

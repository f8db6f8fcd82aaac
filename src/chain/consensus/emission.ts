/**
 * What an epoch hands out: half for incentive, half for dividends, where there are both. With neither, as when nobody
 * has set weights, stake earns it.
 */
import { add, type Fixed, normalize, shareOf, sum } from "./fixed_point.ts";

export interface Earnings {
  readonly incentive: readonly Fixed[];
  readonly dividends: readonly Fixed[];
  readonly stake: readonly Fixed[];
  readonly activeStake: readonly Fixed[];
  readonly emissionRao: bigint;
}

export interface Emission {
  readonly serverRao: readonly bigint[];
  readonly validatorRao: readonly bigint[];
  readonly combinedRao: readonly bigint[];
  /** Of all that is handed out. */
  readonly shares: readonly Fixed[];
}

export function splitEmission(
  { incentive, dividends, stake, activeStake, emissionRao }: Earnings,
): Emission {
  const combined = incentive.map((each, i) => add(each, dividends[i]));
  const total = sum(combined);
  const byStake = sum(activeStake) === 0n ? stake : activeStake;
  const servers = normalize(incentive, total);
  const validators = total === 0n ? byStake : normalize(dividends, total);
  const shares = total === 0n ? byStake : normalize(combined);
  const inRao = (parts: readonly Fixed[]) => parts.map((part) => shareOf(emissionRao, part));
  return {
    serverRao: inRao(servers),
    validatorRao: inRao(validators),
    combinedRao: inRao(shares),
    shares,
  };
}

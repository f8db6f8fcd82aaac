/** A number of kills, one after the other, until one shows a violation. */
import type { Clock } from "../../src/base/clock.ts";
import { Random } from "../../src/base/random.ts";
import { cryptoReady } from "../../src/chain/wallet/wallet.ts";
import { ChaosSwarm } from "./chaos_swarm.ts";
import { killOne, type KillReport, startAll } from "./kills.ts";

export interface ChaosOptions {
  readonly kills: number;
  readonly seed: number;
  readonly memberCount: number;
  readonly elementCount: number;
  readonly directory: string;
}

export interface ChaosSummary {
  readonly event: "summary";
  readonly kills: number;
  readonly committed: number;
  readonly aborted: number;
  readonly steps: number;
  readonly violations: number;
  readonly seed: number;
  readonly seconds: number;
}

/** @param onReport of each kill, as soon as its victim is back */
export async function chaos(
  options: ChaosOptions,
  clock: Clock,
  onReport: (report: KillReport) => void,
): Promise<{ summary: ChaosSummary; violations: readonly string[] }> {
  await cryptoReady();
  const startMs = clock.monotonicMs();
  const random = new Random(options.seed);
  const swarm = await ChaosSwarm.create(options, clock);
  const reports: KillReport[] = [];
  try {
    await startAll(swarm);
    while (reports.length < options.kills && swarm.ledger.violations.length === 0) {
      const report = await killOne(reports.length + 1, swarm, random, clock);
      reports.push(report);
      onReport(report);
    }
  } finally {
    await swarm.stop();
  }
  const { violations } = swarm.ledger;
  const summary: ChaosSummary = {
    event: "summary",
    kills: reports.length,
    committed: reports.filter(({ outcome }) => outcome === "committed").length,
    aborted: reports.filter(({ outcome }) => outcome === "aborted").length,
    steps: Math.max(0, ...reports.map(({ outerStep }) => outerStep)),
    violations: violations.length,
    seed: options.seed,
    seconds: Math.round((clock.monotonicMs() - startMs) / 100) / 10,
  };
  return { summary, violations };
}

/**
 * `deno task simulate`: the real all-reduce under random faults, thousands of rounds in virtual time. Ends with a summary;
 * exits 1 when anything that must hold did not, with the command that replays it and the smallest run that shows it.
 */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import process from "node:process";
import { availableParallelism } from "node:os";
import { describeError, isSkeinError } from "../src/base/errors.ts";
import { secureRandomBytes } from "../src/base/random.ts";
import { type CampaignTotals, isFailed, runCampaign } from "../test/simulation/campaign.ts";
import {
  checkFlags,
  drawEpisode,
  type Plant,
  PLANTS,
  type SimulationFlags,
} from "../test/simulation/draw_episode.ts";
import { type EpisodeResult, runEpisode } from "../test/simulation/episode.ts";
import { FAULTS, parseFaults } from "../test/simulation/faults.ts";
import { runPlanted } from "../test/simulation/plants.ts";
import { describeEpisode, shrinkEpisode } from "../test/simulation/shrink.ts";

const PROGRESS_MS = 5000;
/** Failures told in full; the others are counted. */
const MAX_TOLD = 5;
const LAST_TRACE_LINES = 60;

const whole = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`"${text}" is not a whole number.`);
  return Number(text);
};

const command = new Command("simulate")
  .description("runs the all-reduce under random faults in virtual time")
  .option("--seed <n>", "draws everything; drawn and printed when absent", whole)
  .option("--rounds <n>", "outer steps committed and rounds aborted, swarm-wide", whole, 1000)
  .option("--members <k>", "2 to 1024; 2 to 12 are drawn for each episode when absent", whole)
  .option("--faults <list>", `all, none or some of ${FAULTS.join(",")}; random mixes when absent`)
  .option(
    "--byzantine <f>",
    "hostile members, at most a third, none of three or fewer; drawn when absent",
    whole,
  )
  .option("--workers <n>", "processes side by side; one for each core", whole, availableParallelism())
  .option("--episode <i>", "replays this episode alone", whole)
  .option("--plant <bug>", `a bug to be found: ${PLANTS.join(", ")}`)
  .option("--json", "JSON lines");

type Options = ReturnType<ReturnType<typeof parse>["opts"]>;
const parse = () => command.parse();

class Report {
  #isJson: boolean;
  constructor(isJson: boolean) {
    this.#isJson = isJson;
  }
  tell(event: string, fields: Record<string, unknown>, text: string): void {
    console.log(this.#isJson ? JSON.stringify({ event, ...fields }) : text);
  }
}

function replayCommand(flags: SimulationFlags, index: number): string {
  const parts = [`--seed ${flags.seed}`, `--episode ${index}`];
  if (flags.members !== undefined) parts.push(`--members ${flags.members}`);
  if (flags.faults !== undefined) parts.push(`--faults ${flags.faults.join(",") || "none"}`);
  if (flags.byzantine !== undefined) parts.push(`--byzantine ${flags.byzantine}`);
  if (flags.plant !== undefined) parts.push(`--plant ${flags.plant}`);
  return `deno task simulate ${parts.join(" ")}`;
}

function tellFailure(report: Report, flags: SimulationFlags, result: EpisodeResult): void {
  const { index, safetyViolations, livenessFailures } = result;
  const replay = replayCommand(flags, index);
  report.tell(
    "violation",
    { episode: index, safetyViolations, livenessFailures, replay },
    [
      `episode ${index} FAILED`,
      ...safetyViolations.map((v) => `  safety: ${v}`),
      ...livenessFailures.map((v) => `  liveness: ${v}`),
      `  replay: ${replay}`,
    ].join("\n"),
  );
}

async function tellSmallest(report: Report, flags: SimulationFlags, failed: EpisodeResult): Promise<void> {
  const isUnsafe = failed.safetyViolations.length > 0;
  const { episode, runs } = await shrinkEpisode(drawEpisode(flags, failed.index), async (candidate) => {
    const result = await runEpisode(candidate);
    return isUnsafe ? result.safetyViolations.length > 0 : result.livenessFailures.length > 0;
  });
  const { trace, safetyViolations, livenessFailures } = await runEpisode(episode, { trace: true });
  const lines = trace!.slice(-LAST_TRACE_LINES);
  const what = describeEpisode(episode);
  report.tell(
    "shrunk",
    { episode: failed.index, runs, what, safetyViolations, livenessFailures, trace: lines },
    [`smallest run that fails (${runs} tried):`, ...what, ...lines, ...safetyViolations, ...livenessFailures]
      .map((line) => `  ${line}`).join("\n"),
  );
}

async function simulate(
  flags: SimulationFlags,
  workerCount: number,
  report: Report,
): Promise<CampaignTotals> {
  const failed: EpisodeResult[] = [];
  let toldMs = performance.now();
  const totals = await runCampaign(flags, workerCount, {
    onEpisode(result, soFar) {
      if (isFailed(result)) {
        if (failed.length < MAX_TOLD) tellFailure(report, flags, result);
        failed.push(result);
      }
      if (performance.now() - toldMs < PROGRESS_MS) return;
      toldMs = performance.now();
      report.tell(
        "progress",
        { ...soFar },
        `${soFar.rounds} rounds in ${soFar.episodes} episodes: ${soFar.committed} committed, ` +
          `${soFar.aborted} aborted, ${failed.length} failures`,
      );
    },
  });
  if (failed.length > 0) await tellSmallest(report, flags, failed[0]);
  return totals;
}

async function replay(flags: SimulationFlags, index: number, report: Report): Promise<CampaignTotals> {
  const result = await runEpisode(drawEpisode(flags, index), { trace: true });
  report.tell(
    "episode",
    { ...result },
    [...describeEpisode(drawEpisode(flags, index)), ...result.trace!].join("\n"),
  );
  if (isFailed(result)) {
    tellFailure(report, flags, result);
    await tellSmallest(report, flags, result);
  }
  return {
    rounds: result.committed + result.aborted,
    committed: result.committed,
    aborted: result.aborted,
    safetyViolations: result.safetyViolations.length,
    livenessFailures: result.livenessFailures.length,
    episodes: 1,
    messages: result.messageCount,
  };
}

function flagsOf(options: Options): SimulationFlags {
  const { rounds, members, byzantine, plant } = options;
  const flags = {
    seed: (options.seed ?? new Uint32Array(secureRandomBytes(4).buffer)[0]) >>> 0,
    rounds,
    members,
    faults: options.faults === undefined ? undefined : parseFaults(options.faults),
    byzantine,
    plant: plant as Plant | undefined,
  };
  checkFlags(flags);
  return flags;
}

async function main(options: Options): Promise<number> {
  const report = new Report(options.json ?? false);
  const startedMs = performance.now();
  const flags = flagsOf(options);
  const { seed } = flags;
  report.tell("start", { ...flags }, `seed ${seed}`);
  const totals = options.episode === undefined
    ? await simulate(flags, Math.max(1, options.workers), report)
    : await replay(flags, options.episode, report);
  const { rounds, committed, aborted, safetyViolations, livenessFailures, episodes, messages } = totals;
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  report.tell(
    "summary",
    { rounds, committed, aborted, safetyViolations, livenessFailures, seed, seconds, episodes, messages },
    `${rounds} rounds, ${committed} committed, ${aborted} aborted, ${safetyViolations} safety violations, ` +
      `${livenessFailures} liveness failures, seed ${seed}, ${seconds} s`,
  );
  return safetyViolations + livenessFailures > 0 ? 1 : 0;
}

try {
  const options = parse().opts();
  process.exitCode = await runPlanted(options.plant, process.argv.slice(2)) ?? await main(options);
} catch (error) {
  if (!isSkeinError(error)) throw error;
  console.error(describeError(error));
  process.exitCode = 2;
}

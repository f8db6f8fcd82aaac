/**
 * The real all-reduce under random faults, in virtual time. A failure names the command that replays it; `deno task simulate`
 * runs as many rounds as there is time for.
 */
import assert from "node:assert/strict";
import { addUp, isFailed } from "./campaign.ts";
import { drawEpisode, type SimulationFlags } from "./draw_episode.ts";
import { type EpisodeResult, runEpisode } from "./episode.ts";

const SEED = 1;

async function run(flags: Omit<SimulationFlags, "seed" | "rounds">, rounds: number) {
  let totals = {
    rounds: 0,
    committed: 0,
    aborted: 0,
    safetyViolations: 0,
    livenessFailures: 0,
    episodes: 0,
    messages: 0,
  };
  while (totals.rounds < rounds) {
    const all = { seed: SEED, rounds, ...flags };
    const result = await runEpisode(drawEpisode(all, totals.episodes));
    assert.ok(!isFailed(result), failureText(all, result));
    totals = addUp(totals, result, rounds);
  }
  return totals;
}

const failureText = (flags: SimulationFlags, { index, safetyViolations, livenessFailures }: EpisodeResult) =>
  `episode ${index} of ${JSON.stringify(flags)}: ${[...safetyViolations, ...livenessFailures].join("; ")}`;

Deno.test("without faults every round commits", async () => {
  const { committed, aborted } = await run({ faults: [] }, 100);
  assert.deepEqual({ committed, aborted }, { committed: 100, aborted: 0 });
});

Deno.test("members agree bit for bit and converge after healing", async () => {
  await run({ byzantine: 0 }, 300);
});

Deno.test("they do among members that lie and equivocate", async () => {
  await run({ byzantine: 1 }, 150);
  await run({ byzantine: 3, members: 9, faults: ["lying", "equivocating"] }, 60);
});

Deno.test("four of whom one lies do not fork when three of them went on without a slow one", async () => {
  const result = await runEpisode(drawEpisode({ seed: 20261129, rounds: 1 }, 1260));
  assert.deepEqual([result.safetyViolations, result.livenessFailures], [[], []]);
});

Deno.test("the same seed gives the same run, event for event", async () => {
  const episode = drawEpisode({ seed: 7, rounds: 1, members: 6 }, 3);
  const first = await runEpisode(episode, { trace: true });
  const second = await runEpisode(episode, { trace: true });
  assert.ok(first.trace!.length > 100, `${first.trace!.length} events`);
  assert.deepEqual(first, second);
});

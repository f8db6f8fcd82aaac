/** The simulator finds what it is for: each planted bug within so many rounds, and nothing in the same rounds without it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Plant } from "./draw_episode.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/simulate.ts", import.meta.url));

interface Summary {
  readonly rounds: number;
  readonly committed: number;
  readonly aborted: number;
  readonly safetyViolations: number;
  readonly livenessFailures: number;
  readonly seed: number;
}

function simulate(flags: string) {
  const args = [
    "run",
    "-A",
    "--no-check",
    "--quiet",
    SCRIPT,
    "--json",
    "--workers",
    "1",
    ...flags.split(" "),
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const lines = stdout.trim().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  return { status, stderr, lines, summary: lines.at(-1) as Summary | undefined };
}

const PLANTED: readonly [Plant, string][] = [
  ["commit-without-quorum", "--seed 11 --members 5 --faults partition,silent --byzantine 0 --rounds 120"],
  ["unchecked-offers", "--seed 5 --members 7 --faults lying --byzantine 2 --rounds 300"],
  ["shared-buffers", "--seed 1 --members 4 --faults none --byzantine 0 --rounds 30"],
  ["double-count", "--seed 1 --members 4 --faults partition --byzantine 0 --rounds 30"],
  ["continuity-by-proposal", "--seed 3 --members 4 --faults partition --byzantine 0 --rounds 80"],
];

for (const [plant, flags] of PLANTED) {
  Deno.test(`planted ${plant} is found, and nothing without it`, () => {
    const planted = simulate(`${flags} --plant ${plant}`);
    assert.equal(planted.status, 1, planted.stderr);
    assert.ok(planted.summary!.safetyViolations > 0);
    const violation = planted.lines.find(({ event }) => event === "violation");
    assert.match(
      violation.replay,
      new RegExp(`^deno task simulate --seed \\d+ --episode \\d+ .*--plant ${plant}$`),
    );
    const shrunk = planted.lines.find(({ event }) => event === "shrunk");
    assert.ok(shrunk.safetyViolations.length > 0 && shrunk.trace.length > 0);

    const { status, summary } = simulate(flags);
    assert.equal(status, 0);
    assert.equal(summary!.safetyViolations + summary!.livenessFailures, 0);
  });
}

Deno.test("the command counts the rounds it was asked for, the same each time", () => {
  const runs = [1, 2].map(() => simulate("--seed 5 --rounds 40 --members 2").summary!);
  const { rounds, committed, aborted, seed } = runs[0];
  assert.deepEqual({ rounds, seed, sum: committed + aborted }, { rounds: 40, seed: 5, sum: 40 });
  assert.deepEqual({ ...runs[1], seconds: 0 }, { ...runs[0], seconds: 0 });
});

Deno.test("flags that cannot be are refused with what is required", () => {
  const unknown = simulate("--faults crash,earthquake");
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /earthquake found, .*partition.*equivocating/);
  const tooMany = simulate("--members 7 --byzantine 3");
  assert.equal(tooMany.status, 2);
  assert.match(tooMany.stderr, /--byzantine: 3 found, at most a third of 7 members/);
  const ofThree = simulate("--members 3 --byzantine 1");
  assert.equal(ofThree.status, 2);
  assert.match(ofThree.stderr, /none of three or fewer, so 0 to 0/);
});

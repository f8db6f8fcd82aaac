import { strict as assert } from "node:assert";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../../src/base/clock.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { renderStep } from "../../../../src/cli/bench_report.ts";
import { Random } from "../../../../src/base/random.ts";
import { MODEL_PRESETS } from "../../../../src/model/mod.ts";
import { benchAttention } from "../../../../src/node/bench/attention_bench.ts";
import { demandAgreement, normals } from "../../../../src/node/bench/bench_room.ts";
import { benchMatmul, productsOf, projectionError } from "../../../../src/node/bench/matmul_bench.ts";
import { benchStep } from "../../../../src/node/bench/step_bench.ts";
import { matmulTN } from "../../../../src/reference/matmul_tn.ts";

const SMALL = { preset: "pico", batchSize: 1, contextLength: 9, precision: "f32" } as const;
const STEP = { steps: 3, recompute: false, microBatches: 1, tuning: { flag: false } };
const written = new Map<string, string>();
const DEPS = {
  clock: systemClock,
  log: silentLog,
  ceilingSize: { invocations: 1024, steps: 16, copyBytes: 1 << 16 },
  writeText: async (path: string, text: string) => void written.set(path, text),
};

Deno.test("the products of a step are its linear layers, each shape once, and the head", () => {
  const { pico } = MODEL_PRESETS;
  assert.deepEqual(productsOf(pico, 2), [
    [128, 192, 64],
    [128, 64, 64],
    [128, 256, 64],
    [128, 64, 256],
  ]);
});

Deno.test("a single wrong element of a product is seen, rounding is not", () => {
  const random = new Random(3);
  const [m, n, k] = [30, 40, 20];
  const [a, b] = [normals(random, k * m, "f32"), normals(random, k * n, "f32")];
  const y = new Float32Array(matmulTN(a, b, { rows: m, columns: n, inner: k }));
  const error = () => projectionError(a, b, y, { form: "tn", m, n, k }, new Random(4));
  assert.ok(error() < 1e-6, `${error()}`);
  y[517] += 1;
  assert.ok(error() > 1e-3, `${error()}`);
});

Deno.test("a wrong result ends a bench before it is timed", () => {
  demandAgreement("nothing", 1e-6, 1e-5);
  for (const error of [2e-5, NaN]) {
    assert.throws(() => demandAgreement("nothing", error, 1e-5), { code: "node/bench-wrong" });
  }
});

Deno.test("bench matmul verifies and times every product in three forms", async () => {
  const { rows, geometricMeanFlopsPerSec } = await benchMatmul({ ...SMALL, sizes: [8, 33] }, DEPS);
  assert.deepEqual(rows.map(({ form, m, n, k }) => [form, m, n, k].join(" ")), [
    ...["nn 8 8 8", "nt 8 8 8", "tn 8 8 8"],
    ...["nn 33 33 33", "nt 33 33 33", "tn 33 33 33"],
  ]);
  assert.ok(rows.every(({ flopsPerSec, checksum }) => flopsPerSec > 0 && checksum > 0));
  assert.ok(geometricMeanFlopsPerSec <= Math.max(...rows.map(({ flopsPerSec }) => flopsPerSec)));
});

Deno.test("bench attention verifies both passes against the twins", async () => {
  const { rows, headCount } = await benchAttention({ ...SMALL, batchSize: 2 }, DEPS);
  assert.equal(headCount, MODEL_PRESETS.pico.headCount);
  assert.deepEqual(rows.map(({ pass }) => pass), ["forward", "backward"]);
  assert.ok(rows.every(({ relativeError, seconds }) => relativeError < 1e-5 && seconds > 0));
});

Deno.test("bench step checks the gradient, times steps, profiles kernels and writes a trace", async () => {
  const profile = { tracePath: "t.json" };
  const result = await benchStep({ ...SMALL, ...STEP, profile }, DEPS);
  assert.ok(result.gradientError < 0.005, `${result.gradientError}`);
  assert.ok(result.lastLoss < result.firstLoss, `${result.firstLoss} to ${result.lastLoss}`);
  // Products are 6 operations a parameter and token, less for the embedding of positions and the vectors.
  const tokens = 9;
  const { pico: { width, layerCount, vocabSize } } = MODEL_PRESETS;
  const matrices = 12 * width * width * layerCount + vocabSize * width;
  assert.ok(result.flopsPerStep > 6 * matrices * tokens, `${result.flopsPerStep}`);
  assert.ok(result.flopsPerStep < 7 * matrices * tokens, `${result.flopsPerStep}`);
  assert.equal(result.profile!.steps, 3);
  const calls = result.profile!.kernels.reduce((sum, { callsPerStep }) => sum + callsPerStep, 0);
  assert.ok(Math.abs(calls - result.dispatches) < 1e-9, `${calls} calls, ${result.dispatches} dispatches`);
  const { traceEvents } = JSON.parse(written.get("t.json")!);
  assert.equal(traceEvents.length, 2 + 3 * result.dispatches);
});

Deno.test("bench step recomputes and splits like a miner, and refuses passes that do not divide the batch", async () => {
  const whole = await benchStep({ ...SMALL, ...STEP, batchSize: 2 }, DEPS);
  const split = await benchStep({ ...SMALL, ...STEP, batchSize: 2, recompute: true, microBatches: 2 }, DEPS);
  assert.ok(split.deviceBytes < whole.deviceBytes, `${split.deviceBytes} of ${whole.deviceBytes} bytes`);
  assert.ok(Math.abs(split.lastLoss - whole.lastLoss) < 1e-4, `${split.lastLoss} and ${whole.lastLoss}`);
  assert.equal(split.profile, undefined);
  await assert.rejects(benchStep({ ...SMALL, ...STEP, microBatches: 2 }, DEPS), {
    code: "node/bad-micro-batches",
  });
});

Deno.test("bench step tunes kernels where a miner would, keeps what it found, and says so", async () => {
  const home = join(await mkdtemp(join(tmpdir(), "skein-bench-")), "local", "bench");
  const log = { ...silentLog, info: (message: string) => void messages.push(message) };
  const messages: string[] = [];
  const run = (flag: boolean) =>
    benchStep({ ...SMALL, ...STEP, home, tuning: { flag, environment: { SKEIN_AUTOTUNE: "on" } } }, {
      ...DEPS,
      log,
    });
  try {
    const forbidden = await run(false);
    assert.equal(forbidden.kernelTuning, "none");
    assert.match(renderStep(forbidden), /matrix products not tuned/);
    const tuned = await run(true);
    assert.equal(tuned.kernelTuning, "full");
    assert.match(renderStep(tuned), /matrix products tuned for this adapter\n/);
    assert.deepEqual(await readdir(home), ["tuning.json"]);
    await run(true);
    assert.match(messages.filter((each) => each.startsWith("tuned")).join(), /^tuned [1-9].*,tuned 0 of /);
  } finally {
    await rm(join(home, "..", ".."), { recursive: true });
  }
});

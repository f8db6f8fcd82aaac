import { strict as assert } from "node:assert";
import { systemClock } from "../../../src/base/clock.ts";
import { chromeTrace, type Gpu, openDevice } from "../../../src/gpu/mod.ts";

/** Adds two vectors of ones, and squares and sums the result: two kernels. */
function smallWork(gpu: Gpu, count: number) {
  const arena = gpu.arena("test");
  const [x, y, sum, partials] = ["x", "y", "sum", "partials"].map((label) => arena.allocate(label, count));
  gpu.write(x, new Float32Array(count).fill(1));
  gpu.write(y, new Float32Array(count).fill(1));
  const plan = gpu.plan()
    .add("residual_forward", { COUNT: count }, [x.whole(), y.whole(), sum.whole()], count, { flops: count })
    .add("squared_norm", { COUNT: count, PARTIALS: count }, [sum.whole(), partials.whole()], count);
  return { arena, plan, partials };
}

async function withGpu(body: (gpu: Gpu) => Promise<void>, without?: "timestamp-query"): Promise<void> {
  const gpu = await openDevice({ without: without ? [without] : [] });
  try {
    await body(gpu);
  } finally {
    gpu.close();
  }
}

Deno.test("a profile counts calls, operations and bytes of each kernel, and its times fit into the host's", () =>
  withGpu(async (gpu) => {
    const { arena, plan, partials } = smallWork(gpu, 1024);
    const profile = gpu.startProfile(systemClock, { maxEvents: 100 });
    const startMs = systemClock.monotonicMs();
    for (let i = 0; i < 3; i++) gpu.submit(plan);
    gpu.submit(gpu.plan());
    const { rows, submissions, seconds, hostSeconds, backwards } = await profile.take();
    const wallSeconds = (systemClock.monotonicMs() - startMs) / 1000;
    const [residual, norm] = ["residual_forward", "squared_norm"].map((kernel) =>
      rows.find((row) => row.kernel === kernel)!
    );
    assert.deepEqual([residual.calls, residual.flops, residual.bytes], [3, 3 * 1024, 3 * 3 * 4096]);
    assert.deepEqual([norm.calls, norm.flops, norm.bytes], [3, 0, 3 * 2 * 4096]);
    assert.equal(norm.shape, "COUNT 1024, PARTIALS 1024");
    assert.deepEqual([submissions, backwards, rows.length], [4, 0, 2]);
    assert.ok(residual.seconds > 0 && norm.seconds > 0, "no time at all");
    assert.ok(seconds <= hostSeconds, `${seconds} s on the device in ${hostSeconds} s of the host`);
    assert.ok(hostSeconds <= wallSeconds);
    assert.equal((await gpu.readF32(partials.slice(0, 1024)))[5], 4);

    const trace = JSON.parse(chromeTrace(profile.events, gpu.adapterName));
    const spans = trace.traceEvents.filter(({ ph }: { ph: string }) => ph === "X");
    assert.equal(spans.length, 6);
    assert.equal(spans[0].ts, 0);
    assert.equal(spans[5].args.submission, 2);
    for (let i = 1; i < spans.length; i++) {
      assert.ok(spans[i].ts >= spans[i - 1].ts + spans[i - 1].dur, "two dispatches of one queue overlap");
    }

    assert.equal((await profile.take()).rows.length, 0);
    gpu.stopProfile();
    gpu.submit(plan);
    assert.equal((await profile.take()).submissions, 0);
    arena.destroy();
  }));

Deno.test("a submission of more dispatches than a set of queries holds is profiled whole", () =>
  withGpu(async (gpu) => {
    const { arena, plan } = smallWork(gpu, 16);
    const profile = gpu.startProfile(systemClock, { maxEvents: 5 });
    gpu.submit(...Array(1030).fill(plan));
    const { rows } = await profile.take();
    assert.deepEqual(rows.map(({ calls }) => calls), [1030, 1030]);
    assert.equal(profile.events.length, 5);
    arena.destroy();
  }));

Deno.test("without timestamps a profile says so and times whole submissions by the host", () =>
  withGpu(async (gpu) => {
    const { arena, plan } = smallWork(gpu, 1024);
    const profile = gpu.startProfile(systemClock);
    assert.equal(profile.limitation?.code, "gpu/no-timestamps");
    gpu.submit(plan, plan);
    gpu.submit(plan, plan);
    const { rows, seconds, hostSeconds } = await profile.take();
    assert.deepEqual(rows.map(({ kernel, calls }) => [kernel, calls]), [["submission of 4 dispatches", 2]]);
    assert.equal(rows[0].flops, 4 * 1024);
    assert.ok(seconds > 0 && seconds <= hostSeconds * 1.001);
    arena.destroy();
  }, "timestamp-query"));

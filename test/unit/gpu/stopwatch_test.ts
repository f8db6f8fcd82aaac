import { strict as assert } from "node:assert";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import { openDevice } from "../../../src/gpu/mod.ts";
import { Stopwatch } from "../../../src/gpu/stopwatch.ts";

/** Each measurement, a pair of readings, finds the next of `elapsedMs` between them, and the last again when they are used up. */
function scriptedClock(...elapsedMs: number[]): Clock {
  let readings = 0;
  return {
    ...systemClock,
    monotonicMs() {
      const index = Math.min(Math.floor(readings / 2), elapsedMs.length - 1);
      return readings++ % 2 === 0 ? 0 : elapsedMs[index];
    },
  };
}

async function timeNothing(clock: Clock): Promise<number> {
  const gpu = await openDevice({ without: ["timestamp-query"] });
  const stopwatch = gpu.stopwatch(clock);
  try {
    return await stopwatch.bestSeconds(gpu.plan());
  } finally {
    stopwatch.destroy();
    gpu.close();
  }
}

const EMPTY_WAITS = [12, 10, 11];

Deno.test("the empty wait is subtracted, and a sample that is then not above zero does not count", async () => {
  const seconds = await timeNothing(scriptedClock(...EMPTY_WAITS, 500, 310, 10, 4));
  assert.ok(Math.abs(seconds - 0.3) < 1e-9, `${seconds}`);
});

Deno.test("batches grow until they take a quarter of a second, a sample of nothing among them", async () => {
  // One run: nothing to be seen; then 16, 256 and, three times, the batch that is long enough.
  const seconds = await timeNothing(scriptedClock(...EMPTY_WAITS, 500, 10, 20, 138, 298, 288, 302));
  const repeats = Math.ceil(256 * 1.1 * 0.25 / 0.128);
  assert.ok(Math.abs(seconds * repeats - 0.278) < 1e-9, `${seconds * repeats}`);
});

Deno.test("work that never takes any time is said to be so", async () => {
  await assert.rejects(
    timeNothing(scriptedClock(...EMPTY_WAITS, 10)),
    (error) => isSkeinError(error, "gpu/no-time"),
  );
});

/** A device that does nothing but answer with these pairs of timestamps, in nanoseconds, one after another. */
function stampingDevice(...pairs: [bigint, bigint][]) {
  const buffer = {
    mapAsync: async () => {},
    getMappedRange: () => BigUint64Array.from(pairs.length > 1 ? pairs.shift()! : pairs[0]).buffer,
    unmap() {},
    destroy() {},
  };
  const encoder = {
    beginComputePass: () => ({ end() {} }),
    resolveQuerySet() {},
    copyBufferToBuffer() {},
    finish: () => ({}),
  };
  return {
    createQuerySet: () => ({ destroy() {} }),
    createBuffer: () => buffer,
    createCommandEncoder: () => encoder,
    queue: { submit() {} },
  } as unknown as ConstructorParameters<typeof Stopwatch>[0];
}

Deno.test("timestamps that go backwards or stand still are no times", async () => {
  const [start, ms] = [1_000_000_000n, 1_000_000n];
  const some = stampingDevice([0n, start], [start, start + 70n * ms], [start, start - ms], [start, start]);
  assert.equal(await new Stopwatch(some, systemClock, true).bestSeconds(), 0.07);
  const none = stampingDevice([start, start - ms]);
  await assert.rejects(
    new Stopwatch(none, systemClock, true).bestSeconds(),
    (error) => isSkeinError(error, "gpu/no-time"),
  );
});

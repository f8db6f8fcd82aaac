import { strict as assert } from "node:assert";
import { WorkQueue } from "../../../src/train/work_queue.ts";
import { livelyParameters, randomTokens, SMALL, withGpu } from "./engine_harness.ts";
import { DEFAULT_ADAMW } from "../../../src/optim/adamw.ts";
import { TrainEngine } from "../../../src/train/engine.ts";

Deno.test("an error of work that had to wait is thrown to the next caller, once", async () => {
  const queue = new WorkQueue();
  const first = queue.alone(() => Promise.resolve(1));
  queue.now(() => {
    throw new Error("lost");
  });
  const second = queue.alone(() => Promise.resolve(2));
  assert.equal(await first, 1);
  await assert.rejects(second, /lost/);
  assert.equal(await queue.alone(() => Promise.resolve(3)), 3);
});

Deno.test("a queue closes behind what it was given, refuses the rest, and at once when nothing waits", async () => {
  const queue = new WorkQueue();
  const order: string[] = [];
  const work = queue.alone(() => Promise.resolve(order.push("work")));
  const closed = queue.close(() => order.push("last"));
  await assert.rejects(queue.ahead(() => Promise.resolve()), { code: "train/engine-destroyed" });
  assert.throws(() => queue.now(() => {}), { code: "train/engine-destroyed" });
  await work;
  await closed;
  await queue.close(() => order.push("twice"));
  assert.deepEqual(order, ["work", "last"]);

  const idle = new WorkQueue();
  await idle.alone(() => Promise.resolve());
  void idle.close(() => order.push("at once"));
  assert.equal(order.at(-1), "at once");
});

Deno.test("an engine destroyed with steps queued completes them and leaves the Gpu whole", () =>
  withGpu(async (gpu) => {
    const create = () => TrainEngine.create(gpu, SMALL, { batchSize: 4, adamw: DEFAULT_ADAMW });
    const engine = await create();
    engine.loadParameters(livelyParameters());
    const steps = [1, 2, 3, 4].map((seed) => engine.trainStep(randomTokens(seed), 1e-3));
    const destroyed = engine.destroy();
    await assert.rejects(engine.readParameters(), { code: "train/engine-destroyed" });
    for (const { loss } of await Promise.all(steps)) assert.ok(Number.isFinite(loss));
    await destroyed;
    assert.equal(engine.heldBytes, 0);
    const next = await create();
    next.loadParameters(livelyParameters());
    assert.deepEqual(await next.readParameters(), livelyParameters());
    void next.destroy();
  }));

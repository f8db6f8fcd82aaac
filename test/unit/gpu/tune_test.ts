import { strict as assert } from "node:assert";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { eventLog, type LogEvent, silentLog } from "../../../src/base/log.ts";
import {
  type BufferArena,
  fastest,
  type Gpu,
  gpuError,
  openDevice,
  TuningCache,
  type TuningStore,
} from "../../../src/gpu/mod.ts";
import { Tuning } from "../../../src/gpu/tune_registry.ts";

function recorder() {
  const events: LogEvent[] = [];
  return {
    log: eventLog((event) => events.push(event)),
    texts: () => events.map(({ message }) => String(message)),
  };
}

function memoryStore(text?: string): TuningStore & { text: string | undefined } {
  const store = {
    text,
    load: async () => store.text,
    save: async (next: string) => void (store.text = next),
  };
  return store;
}

const FACTS = {
  adapterName: "adapter",
  backendKind: "hardware",
  vendor: "",
  architecture: "",
  features: [],
  subgroupSizes: [0, 0],
  takesSubgroupsDirective: false,
  maxWorkgroupBytes: 16384,
  maxWorkgroupInvocations: 256,
} as const;

/** Recorders of additions that write the first `elements` of `y`, `times` times, in workgroups of `workgroupSize`. */
function additions(gpu: Gpu, arena: BufferArena, count: number) {
  const [x, branch, y] = ["x", "branch", "y"].map((label) => arena.allocate(label, count));
  gpu.write(x, new Float32Array(count).fill(2));
  const sum = (elements: number, times: number, workgroupSize = gpu.workgroupSize) => () => {
    const plan = gpu.plan();
    for (let i = 0; i < times; i++) {
      const constants = { COUNT: elements, WORKGROUP: workgroupSize };
      plan.add("residual_forward", constants, [x, branch, y].map((b) => b.whole()), elements);
    }
    return plan;
  };
  return { sum, result: y.slice(0, count) };
}

/** A clock that stands still: whoever measures with it measures nothing. */
const frozenClock: Clock = { ...systemClock, monotonicMs: () => 0 };

for (
  const [way, without, clock] of [["device's", [], frozenClock], [
    "host's",
    ["timestamp-query"],
    systemClock,
  ]] as const
) {
  Deno.test(`by the ${way} clock the faster of two is chosen, and one that computes something else is dropped aloud`, async () => {
    const gpu = await openDevice({ without });
    const arena = gpu.arena("test");
    try {
      assert.equal(gpu.has("timestamp-query"), without.length === 0);
      const count = 1 << 13;
      const { sum, result } = additions(gpu, arena, count);
      const { log, texts } = recorder();
      const best = await fastest(gpu, {
        label: "sum",
        candidates: [
          { name: "slow", record: sum(count, 9) },
          { name: "quick", record: sum(count, 1) },
          { name: "wrong", record: sum(count / 2, 1) },
        ],
        result,
        maxRelativeError: 1e-6,
      }, { clock, log });
      assert.equal(best?.name, "quick");
      assert.ok(best.ms > 0);
      assert.equal(texts().length, 1);
      assert.match(texts()[0], /^tune sum: wrong differs from slow by NaN/);
    } finally {
      arena.destroy();
      gpu.close();
    }
  });
}

Deno.test("a candidate that the driver or the adapter refuses is dropped aloud, and the device stays usable", async () => {
  const gpu = await openDevice();
  const arena = gpu.arena("test");
  try {
    const { sum, result } = additions(gpu, arena, 37);
    const { log, texts } = recorder();
    const tooLarge = () => {
      throw gpuError("gpu/too-large", "bind x: too large");
    };
    const refused = [
      { name: "too wide", record: sum(37, 1, 1 << 20) },
      { name: "too large", record: tooLarge },
    ];
    const contest = { label: "sum", result, maxRelativeError: 1e-6 };
    const deps = { clock: systemClock, log };
    const candidates = [...refused, { name: "sound", record: sum(37, 1) }, ...refused];
    assert.equal((await fastest(gpu, { ...contest, candidates }, deps))?.name, "sound");
    assert.deepEqual(
      texts().map((text) =>
        text.match(/^tune sum: the driver refuses (too \w+) \(.+\), it is not used/)?.[1]
      ),
      ["too wide", "too large", "too wide", "too large"],
    );
    assert.equal(await fastest(gpu, { ...contest, candidates: refused }, deps), undefined);
    gpu.submit(sum(37, 1)());
    assert.deepEqual(await gpu.readF32(result), new Float32Array(37).fill(2));
  } finally {
    arena.destroy();
    gpu.close();
  }
});

Deno.test("questions are remembered until they are answered", () => {
  const tuning = new Tuning();
  assert.equal(tuning.choice("a", 1), undefined);
  assert.equal(tuning.choice("a", 2), undefined);
  assert.deepEqual(tuning.open, [["a", 2]]);
  tuning.choose("a", "x");
  assert.equal(tuning.choice("a", 3), "x");
  assert.deepEqual(tuning.open, []);
});

Deno.test("choices outlive the process, each adapter's apart", async () => {
  const store = memoryStore();
  const first = await TuningCache.open(store, FACTS, silentLog);
  first.set("a", "x");
  await first.save();
  assert.equal((await TuningCache.open(store, FACTS, silentLog)).get("a"), "x");
  const other = await TuningCache.open(store, { ...FACTS, adapterName: "another" }, silentLog);
  assert.equal(other.get("a"), undefined);
  other.set("a", "y");
  await other.save();
  assert.equal((await TuningCache.open(store, FACTS, silentLog)).get("a"), "x");
});

Deno.test("a corrupted cache is ignored with a warning and written anew", async () => {
  const foreign = [
    "",
    "{",
    "null",
    '{"format":"other"}',
    '{"format":"skein-tuning-1","sections":{"s":{"a":1}}}',
  ];
  for (const text of foreign) {
    const { log, texts } = recorder();
    const store = memoryStore(text);
    const cache = await TuningCache.open(store, FACTS, log);
    assert.equal(cache.get("a"), undefined);
    assert.equal(texts().length, 1, text);
    cache.set("a", "x");
    await cache.save();
    assert.equal((await TuningCache.open(store, FACTS, silentLog)).get("a"), "x");
  }
});

Deno.test("a store that fails costs a warning, not the start", async () => {
  const { log, texts } = recorder();
  const fail = () => Promise.reject(new Error("no disk"));
  const cache = await TuningCache.open({ load: fail, save: fail }, FACTS, log);
  cache.set("a", "x");
  await cache.save();
  assert.equal(cache.get("a"), "x");
  assert.equal(texts().length, 2);
});

import { strict as assert } from "node:assert";
import { eventLog, type LogEvent } from "../../../src/base/log.ts";
import { checkNumerics, choosePrecision, type Gpu, openDevice } from "../../../src/gpu/mod.ts";

type Read = Gpu["readF32"];

async function withGpu(body: (gpu: Gpu) => Promise<void>): Promise<void> {
  const gpu = await openDevice();
  try {
    await body(gpu);
  } finally {
    gpu.close();
  }
}

/** The same device, but what is read from it has gone through `spoil`; `facts` replace its own. */
function spoiled(gpu: Gpu, spoil: (values: Float32Array) => void, facts: Record<string, unknown> = {}): Gpu {
  const readF32: Read = async (source) => {
    const values = await gpu.readF32(source);
    spoil(values);
    return values;
  };
  return new Proxy(gpu, {
    get(target, key) {
      if (key in facts) return facts[key as string];
      if (key === "readF32") return readF32;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test("the adapter of the tests passes the gate in both precisions", () =>
  withGpu(async (gpu) => {
    for (const precision of ["f32", "f16"] as const) {
      const report = await checkNumerics(gpu, precision);
      assert.ok(report.passed, report.reason);
      assert.ok(report.relativeError < (precision === "f32" ? 1e-6 : 1e-3), `${report.relativeError}`);
    }
  }));

Deno.test("the gate refuses zeros, garbage, a wrong element, NaN, and an overflow that stays finite", () =>
  withGpu(async (gpu) => {
    const broken: [string, (values: Float32Array) => void][] = [
      ["zeros", (values) => values.fill(0)],
      ["garbage", (values) => values.forEach((_, i) => values[i] = Math.sin(i))],
      ["one wrong element", (values) => values[values.length >> 1] += 1],
      ["NaN", (values) => values[0] = NaN],
      ["saturation", (values) => values.forEach((x, i) => values[i] = Math.min(x, 65504))],
      ["lost small numbers", (values) => values.forEach((x, i) => values[i] = Math.abs(x) < 2e-4 ? 0 : x)],
    ];
    for (const [name, spoil] of broken) {
      const report = await checkNumerics(spoiled(gpu, spoil), "f16");
      assert.equal(report.passed, false, name);
      assert.notEqual(report.reason, "", name);
    }
  }));

Deno.test("a precision that the device cannot compile is refused, and the device goes on", () =>
  withGpu(async (gpu) => {
    const refusing = spoiled(gpu, () => {}, {
      plan: () => ({
        // One binding where the kernel declares five: the device reports it, as it would a shader it cannot compile.
        add: () =>
          gpu.plan().add("residual_forward", { COUNT: 1 }, [gpu.arena("x").allocate("x", 1).whole()], 1),
      }),
    });
    const report = await checkNumerics(refusing, "f16");
    assert.equal(report.passed, false);
    assert.match(report.reason, /numerics gate: .+/);
    assert.ok((await checkNumerics(gpu, "f16")).passed);
  }));

Deno.test("training falls back to f32 and says so when f16 is absent or computed wrongly", () =>
  withGpu(async (gpu) => {
    const events: LogEvent[] = [];
    const log = eventLog((event) => events.push(event));
    const choose = (device: Gpu, choice: "auto" | "f32" | "f16") => choosePrecision(device, choice, log);
    assert.equal(await choose(gpu, "f16"), "f16");
    assert.equal(await choose(gpu, "f32"), "f32");
    assert.equal(await choose(gpu, "auto"), "f32", "a software adapter gains nothing by halves");
    assert.equal(await choose(spoiled(gpu, () => {}, { backendKind: "hardware" }), "auto"), "f16");
    assert.equal(events.length, 0);

    assert.equal(await choose(spoiled(gpu, (values) => values.fill(0)), "f16"), "f32");
    assert.match(String(events[0].message), /f16 .*relative error 1,.*training in f32/);
    const without = await openDevice({ without: ["shader-f16"] });
    assert.equal(await choose(without, "f16"), "f32");
    assert.match(String(events[1].message), /no shader-f16, training in f32/);
    assert.throws(() => without.plan("f16"), { code: "gpu/no-f16" });
    without.close();
  }));

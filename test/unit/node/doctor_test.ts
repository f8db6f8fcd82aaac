import { strict as assert } from "node:assert";
import { renderDoctor } from "../../../src/cli/doctor_report.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { gpuError, openDevice, type OpenDeviceOptions } from "../../../src/gpu/mod.ts";
import { examine, storageBuffersNeeded } from "../../../src/node/doctor.ts";
import { graphicsApiOf, type HostFacts, parseVulkanSummary } from "../../../src/node/host_facts.ts";

const HOST: HostFacts = {
  ...{ deno: "2.9.6", v8: "15.0", os: "linux", osRelease: "6.18", arch: "x86_64" },
  ...{ processor: "P", cores: 2, memoryBytes: 2e10, freeMemoryBytes: 1e10, drivers: [] },
};
const SIZE = { invocations: 1024, steps: 16, copyBytes: 1 << 16 };

const examineWith = (options: OpenDeviceOptions = {}, host: Partial<HostFacts> = {}) =>
  examine({
    clock: systemClock,
    open: () => openDevice(options),
    host: async () => ({ ...HOST, ...host }),
    ceilingSize: SIZE,
  });

Deno.test("a machine with an adapter that computes rightly is fit, and everything about it is told", async () => {
  const report = await examineWith();
  assert.equal(report.fit, true);
  assert.equal(report.numerics!.f32.passed, true);
  assert.ok(report.ceilings!.flopsPerSec.f32 > 0);
  assert.ok(report.adapter!.limits.maxStorageBuffersPerShaderStage >= storageBuffersNeeded());
  const pico = report.models!.find(({ preset, precision }) => preset === "pico" && precision === "f32")!;
  assert.ok(pico.recomputedBytes! < pico.bytes!);
  assert.ok(pico.largestBatch === null || pico.largestBatch >= pico.batchSize);
  const text = renderDoctor(report, "1.2.3");
  for (const part of ["skein 1.2.3", report.adapter!.name, "f32 passed", "pico", "fit to train"]) {
    assert.ok(text.includes(part), part);
  }
});

Deno.test("without optional features the same machine is fit, with advice", async () => {
  const { fit, numerics, ceilings, models, advice } = await examineWith({
    without: ["shader-f16", "timestamp-query"],
  });
  assert.equal(fit, true);
  assert.equal(numerics!.f16, null);
  assert.equal(ceilings!.flopsPerSec.f16, undefined);
  assert.ok(models!.every(({ precision }) => precision === "f32"));
  assert.ok(advice.some((each) => each.includes("timestamp-query")), advice.join("; "));
});

Deno.test("without an adapter the machine is unfit and told what to install; other faults are told too", async () => {
  const report = await examine({
    clock: systemClock,
    open: () => Promise.reject(gpuError("gpu/no-adapter", "look for an adapter: none, install a driver")),
    host: async () => ({ ...HOST, deno: "2.3.1" }),
  });
  assert.equal(report.fit, false);
  assert.equal(report.adapter, null);
  assert.match(report.advice[0], /Deno 2\.3\.1: 2\.9 or newer is required/);
  assert.match(report.advice[1], /install a driver/);
  assert.match(renderDoctor(report, "1"), /not fit to train$/);
});

/** An adapter that fails where a plan of this precision is asked for; only the ceilings ask without naming one. */
const examineFailing = (where: "f32" | "f16" | undefined, error: Error) =>
  examine({
    clock: systemClock,
    ceilingSize: SIZE,
    host: async () => HOST,
    async open() {
      const gpu = await openDevice();
      const plan = gpu.plan.bind(gpu);
      const value = (precision?: "f32" | "f16") => {
        if (precision === where) throw error;
        return plan(precision);
      };
      return Object.defineProperty(gpu, "plan", { value });
    },
  });
const LOST = gpuError("gpu/device-lost", "compute: the device was lost, update the driver");

Deno.test("ceilings that the adapter cannot measure are told, and it is fit all the same", async () => {
  const { fit, ceilings, numerics, models, advice } = await examine({
    clock: systemClock,
    host: async () => HOST,
    ceilingSize: { ...SIZE, copyBytes: 2 ** 50 },
  });
  assert.equal(fit, true);
  assert.equal(ceilings, null);
  assert.equal(numerics!.f32.passed, true);
  assert.ok(models!.length > 0);
  assert.ok(advice.some((each) => each.startsWith("measure ceilings: ")), advice.join("; "));
});

Deno.test("who loses the device in f32 or under load is unfit, in f16 stays in f32; the rest is told", async () => {
  const inF32 = await examineFailing("f32", LOST);
  assert.deepEqual([inF32.fit, inF32.numerics, inF32.ceilings], [false, null, null]);
  assert.equal(inF32.advice[0], "compute in f32: compute: the device was lost, update the driver");
  assert.ok(inF32.models!.length > 0);
  assert.match(renderDoctor(inF32, "1"), /update the driver[^]*not fit to train$/);
  const underLoad = await examineFailing(undefined, LOST);
  assert.deepEqual([underLoad.fit, underLoad.numerics!.f32.passed, underLoad.ceilings], [false, true, null]);
  const inF16 = await examineFailing("f16", LOST);
  assert.deepEqual([inF16.fit, inF16.numerics!.f16!.passed, inF16.ceilings], [true, false, null]);
  assert.match(renderDoctor(inF16, "1"), /f16 failed: compute: the device was lost/);
});

Deno.test("presets that cannot be planned make it unfit, and do not keep the numerics from being told", async () => {
  const { fit, models, numerics, advice } = await examine({
    clock: systemClock,
    ceilingSize: SIZE,
    host: async () => ({
      ...HOST,
      get freeMemoryBytes(): number {
        throw gpuError("gpu/too-large", "plan memory: 3 bytes, 4 are required, use another adapter");
      },
    }),
  });
  assert.deepEqual([fit, models, numerics!.f32.passed], [false, null, true]);
  assert.match(advice.join(), /plan the presets: /);
});

Deno.test("a mistake of ours in a part is not taken for the machine's either", async () => {
  await assert.rejects(examineFailing(undefined, new TypeError("x")), TypeError);
});

Deno.test("a mistake of ours is not taken for the machine's", async () => {
  await assert.rejects(
    examine({ clock: systemClock, open: () => Promise.reject(new TypeError("x")), host: async () => HOST }),
    TypeError,
  );
});

Deno.test("vulkaninfo's summary gives a line a device", () => {
  const text = "Devices:\n========\nGPU0:\n\tapiVersion         = 1.3.230\n\tdriverVersion = 0.0.1\n" +
    "\tdeviceName         = llvmpipe (LLVM 15)\n\tdriverName         = llvmpipe\n\tdriverInfo  = Mesa 22.3.6\n" +
    "GPU1:\n\tapiVersion = 1.4.3\n\tdeviceName = Big GPU\n";
  assert.deepEqual(parseVulkanSummary(text), [
    "llvmpipe (LLVM 15): llvmpipe Mesa 22.3.6, Vulkan 1.3.230",
    "Big GPU: unnamed driver, Vulkan 1.4.3",
  ]);
  assert.deepEqual(parseVulkanSummary(""), []);
});

Deno.test("what drives an adapter follows from system and features", () => {
  assert.equal(graphicsApiOf("windows", ["wgpu-pipeline-cache", "shader-f16"]), "Vulkan");
  assert.equal(graphicsApiOf("windows", ["shader-f16"]), "Direct3D 12");
  assert.equal(graphicsApiOf("linux", ["timestamp-query"]), "OpenGL");
  assert.equal(graphicsApiOf("darwin", ["shader-f16", "subgroups"]), "Metal");
});

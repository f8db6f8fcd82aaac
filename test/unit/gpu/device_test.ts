import { strict as assert } from "node:assert";
import { requestWithFeatures } from "../../../src/gpu/device_features.ts";
import { backendKindOf, linearGrid, openDevice, WANTED_FEATURES } from "../../../src/gpu/mod.ts";

Deno.test("software, OpenGL and hardware adapters are told apart", () => {
  const vulkan = new Set(["shader-f16", "timestamp-query"]);
  assert.equal(backendKindOf("llvmpipe (LLVM 15.0.6, 256 bits)", false, vulkan), "software");
  assert.equal(backendKindOf("SwiftShader Device (Subzero)", false, vulkan), "software");
  assert.equal(backendKindOf("AMD Radeon RX 7900", false, new Set()), "opengl");
  assert.equal(backendKindOf("AMD Radeon RX 7900", false, new Set(["timestamp-query"])), "opengl");
  assert.equal(backendKindOf("NVIDIA GeForce GTX 1080", false, new Set(["subgroups"])), "hardware");
  assert.equal(backendKindOf("AMD Radeon RX 7900", false, vulkan), "hardware");
});

Deno.test("long grids fold into two dimensions and cover every invocation", () => {
  for (const invocations of [1, 64, 65, 64 * 65535, 64 * 65535 + 1, 154_000_000]) {
    const [x, y] = linearGrid(invocations, 64);
    assert.ok(x <= 65535 && y <= 65535);
    assert.ok(x * y * 64 >= invocations);
  }
});

Deno.test("a fault of the device is thrown by the next read, and no result with it", async () => {
  const gpu = await openDevice();
  const arena = gpu.arena("test");
  try {
    const buffer = arena.allocate("values", 16);
    // One binding where the kernel declares three.
    gpu.submit(gpu.plan().add("residual_forward", { COUNT: 16 }, [buffer.whole()], 16));
    await assert.rejects(gpu.readF32(buffer.whole()), { code: "gpu/fault" });
  } finally {
    arena.destroy();
    gpu.close();
  }
});

Deno.test("what the adapter cannot hold is refused by name before it is allocated", async () => {
  const gpu = await openDevice();
  try {
    const elements = gpu.limits.maxBufferBytes / 4 + 1024;
    assert.throws(() => gpu.arena("test").allocate("huge", elements), { code: "gpu/too-large" });
  } finally {
    gpu.close();
  }
});

Deno.test("a device has every wanted feature that the adapter lists, but not those it is to do without", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const listed = WANTED_FEATURES.filter((name) => adapter!.features.has(name as string as GPUFeatureName));
  const gpu = await openDevice();
  gpu.close();
  for (const name of listed) assert.ok(gpu.has(name), name);
  for (const without of listed) {
    const lesser = await openDevice({ without: [without] });
    lesser.close();
    assert.equal(lesser.has(without), false);
    assert.equal(lesser.facts.features.length, gpu.facts.features.length - 1);
  }
});

/** An adapter that grants `grants` and lists `lists`, spent by its first request as in a browser. */
function strictAdapter(lists: readonly string[], grants: readonly string[]): GPUAdapter {
  let isSpent = false;
  const requestDevice = async ({ requiredFeatures }: { requiredFeatures: string[] }) => {
    assert.equal(isSpent, false, "an adapter was used twice");
    isSpent = true;
    if (!requiredFeatures.every((name) => grants.includes(name))) throw new TypeError("not a subset");
    return { features: new Set(requiredFeatures), destroy() {} };
  };
  return { features: new Set(lists), requestDevice } as unknown as GPUAdapter;
}

Deno.test("features that are granted though unlisted are found, and refused ones cost nothing but themselves", async () => {
  const grants = ["shader-f16", "subgroups", "wgpu-subgroup-barrier"];
  const open = () => Promise.resolve(strictAdapter(["shader-f16"], grants));
  assert.deepEqual((await requestWithFeatures(open, {})).granted, grants);
  assert.deepEqual((await requestWithFeatures(open, {}, ["subgroups"])).granted, [grants[0], grants[2]]);
  const none = () => Promise.resolve(strictAdapter([], []));
  assert.deepEqual((await requestWithFeatures(none, {})).granted, []);
  const liar = () => Promise.resolve(strictAdapter(["shader-f16"], []));
  await assert.rejects(requestWithFeatures(liar, {}), TypeError);
});

import { strict as assert } from "node:assert";
import { backendKindOf, linearGrid, openDevice } from "../../../src/gpu/mod.ts";

Deno.test("software, OpenGL and hardware adapters are told apart", () => {
  const vulkan = new Set(["shader-f16", "timestamp-query"]);
  assert.equal(backendKindOf("llvmpipe (LLVM 15.0.6, 256 bits)", false, vulkan), "software");
  assert.equal(backendKindOf("SwiftShader Device (Subzero)", false, vulkan), "software");
  assert.equal(backendKindOf("AMD Radeon RX 7900", false, new Set()), "opengl");
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

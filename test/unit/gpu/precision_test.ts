import { strict as assert } from "node:assert";
import { openDevice } from "../../../src/gpu/mod.ts";
import { kernelSource } from "../../../src/gpu/precision.ts";

Deno.test("declarations come before the source, and the source's own directives before them", () => {
  const source = "// legend\nenable subgroups;\noverride COUNT: u32;\n";
  const compiled = kernelSource(source, "f16");
  const order = ["enable subgroups;", "enable f16;", "alias scalar = f16;", "override COUNT"];
  const positions = order.map((part) => compiled.indexOf(part));
  assert.ok(positions.every((at, i) => at >= 0 && (i === 0 || at > positions[i - 1])), compiled);
  assert.equal(compiled.match(/enable subgroups;/g)?.length, 1);
  assert.ok(kernelSource(source, "f32").includes("alias scalar = f32;"));
  assert.ok(!kernelSource(source, "f32").includes("f16"));
});

Deno.test("buffers of halves count in halves, round what is written and widen what is read", async () => {
  const gpu = await openDevice();
  const arena = gpu.arena("test");
  try {
    const buffer = arena.allocate("halves", 131, { type: "f16" });
    assert.equal(buffer.byteLength, 272);
    const values = Float32Array.from({ length: 131 }, (_, i) => 1 + i / 4096);
    gpu.write(buffer, values);
    const expected = new Float32Array(new Float16Array(values));
    assert.notDeepEqual(expected, values);
    assert.deepEqual(await gpu.readF32(buffer.slice(0, 131)), expected);
    assert.deepEqual(await gpu.readF32(buffer.slice(128, 3)), expected.slice(128));
    assert.throws(() => buffer.slice(64, 1), /not aligned/);
    assert.throws(() => buffer.slice(128, 10), /past the end/);
  } finally {
    arena.destroy();
    gpu.close();
  }
});

Deno.test("one device runs a kernel in both precisions", async () => {
  const gpu = await openDevice();
  const arena = gpu.arena("test");
  try {
    for (const precision of ["f32", "f16"] as const) {
      const [x, branch, y] = ["x", "branch", "y"].map((label) =>
        arena.allocate(label, 3, { type: precision })
      );
      gpu.write(x, Float32Array.of(1, 2, 3));
      gpu.write(branch, Float32Array.of(2 ** -12, 0.5, -3));
      const plan = gpu.plan(precision);
      gpu.submit(plan.add("residual_forward", { COUNT: 3 }, [x, branch, y].map((b) => b.slice(0, 3)), 3));
      // 1 + 2⁻¹² has no half: it rounds to 1.
      const first = precision === "f32" ? 1 + 2 ** -12 : 1;
      assert.deepEqual(await gpu.readF32(y.slice(0, 3)), Float32Array.of(first, 2.5, 0));
    }
    assert.equal(gpu.pipelineCount, 2);
  } finally {
    arena.destroy();
    gpu.close();
  }
});

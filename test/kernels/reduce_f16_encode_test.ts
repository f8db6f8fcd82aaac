import { strict as assert } from "node:assert";
import { reduceF16Encode } from "../../src/reference/reduce_f16_encode.ts";
import { kernelTest, normal, runKernel } from "./kernel_harness.ts";
import { REDUCE_COUNTS } from "./reduce_u8_shapes.ts";

kernelTest(
  "reduce_f16_encode agrees with its twin to the bit, ties and subnormals included",
  async (gpu, random) => {
    const edges = [
      2 ** -14,
      2 ** -24,
      2 ** -25,
      3 * 2 ** -26,
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      65504,
      65519,
      65520,
      0,
    ];
    const tiny = normal(random, 999, 3e-5);
    const cases = [
      ...REDUCE_COUNTS.map((count) => normal(random, count)),
      tiny,
      Float32Array.from(edges.flatMap((x) => [x, -x])),
      // What lies just below 2⁻¹⁴ rounds up into the normal halves.
      Float32Array.of(2 ** -14 - 2 ** -26, 2 ** -14 - 2 ** -38, 2047.9 * 2 ** -25),
    ];
    for (const values of cases) {
      const vectors = Math.ceil(values.length / 4);
      const sum = new Float32Array(4 * vectors);
      sum.set(values);
      const after = await runKernel(gpu, {
        kernel: "reduce_f16_encode",
        constants: {},
        tensors: [Uint32Array.of(values.length, 1, 0, 0), sum, new Uint32Array(2 * vectors)],
        extent: vectors,
        uniform: true,
      });
      const halves = new Uint16Array(after[2].buffer as ArrayBuffer, 0, values.length);
      assert.deepEqual(halves, reduceF16Encode(values), `${values.length} from ${values[0]}`);
      const inRange = values.every((x) => Math.abs(x) < 65520);
      if (inRange) {
        assert.deepEqual(
          halves,
          new Uint16Array(new Float16Array(values).buffer),
          "as the platform",
        );
      }
    }
  },
);

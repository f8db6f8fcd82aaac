import { reduceTrimmedMean } from "../../src/reference/reduce_trimmed_mean.ts";
import { assertClose, EPSILON, kernelTest, normal, runKernel } from "./kernel_harness.ts";
import { REDUCE_COUNTS } from "./reduce_u8_shapes.ts";

kernelTest(
  "reduce_trimmed_mean agrees with its twin, ties and a single survivor included",
  async (gpu, random) => {
    for (const count of REDUCE_COUNTS) {
      for (const [members, drop] of [[1, 0], [2, 0], [3, 1], [5, 2], [7, 1]]) {
        // Rounded to quarters, so that members tie; their weights differ, so that it shows which of them was dropped.
        const rows = Array.from(
          { length: members },
          () => normal(random, count).map((x) => Math.round(4 * x) / 4),
        );
        const weights = Float32Array.from({ length: members }, (_, member) => (member + 1) / 8);
        const stride = Math.ceil(count / 4) * 4;
        const packed = new Float32Array(members * stride);
        rows.forEach((row, member) => packed.set(row, member * stride));
        const [, , , sum] = await runKernel(gpu, {
          kernel: "reduce_trimmed_mean",
          constants: {},
          tensors: [
            Uint32Array.of(count, members, stride, drop),
            packed,
            weights,
            new Float32Array(stride).fill(NaN),
          ],
          extent: stride,
          uniform: true,
        });
        const expected = new Float64Array(stride);
        expected.set(reduceTrimmedMean(rows, [...weights], drop));
        // Sums of up to seven products below 4, and a division good to 2.5 ulp.
        assertClose(sum, expected, { absolute: 32 * 4 * EPSILON }, `${count} elements, ${members} members`);
      }
    }
  },
);

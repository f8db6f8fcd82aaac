import { reduceU8Sum } from "../../src/reference/reduce_u8_sum.ts";
import { assertClose, EPSILON, kernelTest, runKernel } from "./kernel_harness.ts";
import { encodedMember, packMembers, REDUCE_COUNTS, reduceShape } from "./reduce_u8_shapes.ts";

kernelTest("reduce_u8_sum agrees with its twin and zeroes the padding", async (gpu, random) => {
  for (const count of REDUCE_COUNTS) {
    const shares = Float32Array.of(0.5, 0.125, 0.375);
    const members = Array.from(shares, () => encodedMember(random, count));
    const shape = reduceShape(count, members.length);
    const words = Math.ceil(count / 4);
    const [, , , sum] = await runKernel(gpu, {
      kernel: "reduce_u8_sum",
      constants: {},
      tensors: [shape, packMembers(members, shape[2]), shares, new Float32Array(words * 4).fill(NaN)],
      extent: words,
      uniform: true,
    });
    const expected = new Float64Array(words * 4);
    expected.set(reduceU8Sum(members, [...shares], count));
    // Two products and an addition a member, of values below about 4.
    assertClose(sum, expected, { absolute: 9 * 4 * EPSILON }, `${count} elements`);
  }
});

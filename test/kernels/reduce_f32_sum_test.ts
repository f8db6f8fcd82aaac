import { f32Codec } from "../../src/codec/f32.ts";
import { reduceF32Sum } from "../../src/reference/reduce_f32_sum.ts";
import { kernelTest } from "./kernel_harness.ts";
import { compareSums } from "./reduce_sums.ts";

kernelTest("reduce_f32_sum agrees with its twin and zeroes the padding", async (gpu, random) => {
  await compareSums(gpu, random, {
    kernel: "reduce_f32_sum",
    codec: f32Codec,
    words: (count) => 4 * Math.ceil(count / 4),
    blocks: () => 0,
    twin: reduceF32Sum,
  });
});

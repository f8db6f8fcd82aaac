import { i4Blockwise } from "../../src/codec/i4_blockwise.ts";
import { reduceI4Sum } from "../../src/reference/reduce_i4_sum.ts";
import { kernelTest } from "./kernel_harness.ts";
import { compareSums } from "./reduce_sums.ts";

kernelTest("reduce_i4_sum agrees with its twin and zeroes the padding", async (gpu, random) => {
  const blocks = (count: number) => Math.ceil(count / 256);
  await compareSums(gpu, random, {
    kernel: "reduce_i4_sum",
    codec: i4Blockwise,
    words: (count) => blocks(count) + Math.ceil(count / 8),
    blocks,
    twin: reduceI4Sum,
  });
});

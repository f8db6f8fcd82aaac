import { strict as assert } from "node:assert";
import { f16Codec } from "../../src/codec/f16.ts";
import { reduceF16Sum } from "../../src/reference/reduce_f16_sum.ts";
import { kernelTest, runKernel } from "./kernel_harness.ts";
import { compareSums } from "./reduce_sums.ts";

kernelTest("reduce_f16_sum agrees with its twin and zeroes the padding", async (gpu, random) => {
  await compareSums(gpu, random, {
    kernel: "reduce_f16_sum",
    codec: f16Codec,
    words: (count) => 2 * Math.ceil(count / 4),
    blocks: () => 0,
    twin: reduceF16Sum,
  });
});

kernelTest("reduce_f16_sum decodes every finite half exactly, the subnormal ones too", async (gpu) => {
  const halves = Uint16Array.from({ length: 1 << 16 }, (_, i) => (i & 0x7c00) === 0x7c00 ? 0 : i);
  const words = new Uint32Array(halves.buffer);
  const [, , , sum] = await runKernel(gpu, {
    kernel: "reduce_f16_sum",
    constants: {},
    tensors: [
      Uint32Array.of(halves.length, 1, words.length, 0),
      words,
      Float32Array.of(1),
      new Float32Array(halves.length),
    ],
    extent: halves.length / 4,
    uniform: true,
  });
  const expected = reduceF16Sum([new Uint8Array(halves.buffer)], [1], halves.length);
  sum.forEach((value, i) => assert.equal(value, expected[i], `half ${i}`));
});

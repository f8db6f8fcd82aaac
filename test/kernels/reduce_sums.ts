/** Compares a kernel that adds up encoded chunks with its twin, over sizes around every edge. */
import type { Random } from "../../src/base/random.ts";
import type { Codec } from "../../src/codec/codec.ts";
import type { Gpu, KernelName } from "../../src/gpu/mod.ts";
import { assertClose, EPSILON, normal, runKernel } from "./kernel_harness.ts";
import { packMembers, REDUCE_COUNTS } from "./reduce_u8_shapes.ts";

export interface SumKernel {
  readonly kernel: KernelName;
  readonly codec: Codec;
  readonly words: (count: number) => number;
  readonly blocks: (count: number) => number;
  readonly twin: (encoded: readonly Uint8Array[], shares: readonly number[], count: number) => Float64Array;
}

export async function compareSums(gpu: Gpu, random: Random, form: SumKernel): Promise<void> {
  for (const count of [...REDUCE_COUNTS, 255, 257]) {
    const shares = Float32Array.of(0.5, 0.125, 0.375);
    const members = Array.from(shares, () => form.codec.encode(normal(random, count)));
    const stride = form.words(count);
    const vectors = Math.ceil(count / 4);
    const packed = packMembers(members, stride);
    const [, , , sum] = await runKernel(gpu, {
      kernel: form.kernel,
      constants: {},
      tensors: [
        Uint32Array.of(count, members.length, stride, form.blocks(count)),
        packed,
        shares,
        new Float32Array(4 * vectors).fill(NaN),
      ],
      extent: vectors,
      uniform: true,
    });
    const expected = new Float64Array(4 * vectors);
    expected.set(form.twin(members, [...shares], count));
    // Two products and an addition a member, of values below about 5.
    assertClose(sum, expected, { absolute: 9 * 5 * EPSILON }, `${count} elements`);
  }
}

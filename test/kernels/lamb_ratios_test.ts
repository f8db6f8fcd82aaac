import { lambRatios } from "../../src/reference/lamb_ratios.ts";
import { assertClose, EPSILON, kernelTest, normal, runKernel } from "./kernel_harness.ts";

kernelTest("lamb_ratios agrees with its twin: capped, zero, exempt and long tensors", async (gpu, random) => {
  const blockCount = 140;
  const norms = normal(random, 2 * blockCount).map(Math.abs);
  norms[0] = 1e6; // Block 0 alone: a ratio above the cap.
  norms.fill(0, 2, 4); // Block 1 alone: parameters that are still zero.
  const spans = Uint32Array.of(0, 1, 1, 1, 2, 1, 2, 5, 0, 5, 6, 1, 6, blockCount, 1);
  const tensors = spans.length / 3;
  const [, , ratios] = await runKernel(gpu, {
    kernel: "lamb_ratios",
    constants: { TENSORS: tensors, MAX_RATIO: 10 },
    tensors: [norms, spans, new Float32Array(tensors)],
    extent: [tensors, 1],
  });
  // Sums of at most 140 positive terms, a division and a root.
  const tolerance = { absolute: 0, relative: 150 * EPSILON };
  assertClose(ratios, lambRatios(norms, spans, 10), tolerance, "ratios");
});

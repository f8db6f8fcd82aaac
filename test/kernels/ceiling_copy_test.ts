import { ceilingCopy } from "../../src/reference/ceiling_copy.ts";
import { assertClose, kernelTest, normal, ODD_SIZES, runKernel } from "./kernel_harness.ts";

kernelTest("ceiling_copy agrees with its twin", async (gpu, random) => {
  for (const count of ODD_SIZES) {
    const source = normal(random, 4 * count);
    const [, result] = await runKernel(gpu, {
      kernel: "ceiling_copy",
      constants: { COUNT: count },
      tensors: [source, new Float32Array(4 * count)],
      extent: count,
    });
    assertClose(result, ceilingCopy(source), { absolute: 0 }, `${count}`);
  }
});

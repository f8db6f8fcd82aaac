import { residualRmsnormForward } from "../../src/reference/residual_rmsnorm_forward.ts";
import {
  assertClose,
  EPSILON,
  EPSILON_F16,
  kernelTest,
  normal,
  oddCases,
  runKernel,
  stored,
  withStorage,
} from "./kernel_harness.ts";

kernelTest("residual_rmsnorm_forward agrees with its twin, however many share a row", async (gpu, random) => {
  for (const [rows, precision] of oddCases(gpu)) {
    const width = rows === 63 ? 1 : 13;
    const lanes = rows > 16 || precision === "f16" ? 8 : 1;
    const [x, branch] = [0, 0].map(() => stored(normal(random, rows * width), precision));
    const gain = stored(normal(random, width), precision);
    const [, , , sum, y, rstd] = await runKernel(gpu, {
      kernel: "residual_rmsnorm_forward",
      constants: { ROWS: rows, WIDTH: width, LANES: lanes },
      tensors: [
        x,
        branch,
        gain,
        ...[x.length, x.length, rows].map((length) => new Float32Array(length).fill(NaN)),
      ],
      extent: rows * lanes,
      precision,
    });
    const expected = residualRmsnormForward(x, branch, gain, width);
    const label = `${rows} rows of ${lanes} lanes in ${precision}`;
    // What is normalised has been rounded once; where x and branch cancel, that is an error of what they were.
    const unit = precision === "f16" ? EPSILON_F16 : EPSILON;
    const tolerance = { absolute: 12 * unit, relative: 32 * unit };
    assertClose(
      sum,
      expected.sum,
      withStorage({ absolute: 0, relative: 2 * EPSILON }, precision),
      `sum, ${label}`,
    );
    if (width > 1) assertClose(y, expected.y, tolerance, `y, ${label}`);
    assertClose(
      rstd,
      expected.rstd,
      { absolute: 0, relative: width === 1 ? 0.05 : 32 * unit },
      `rstd, ${label}`,
    );
  }
});

import { kernelTest } from "./kernel_harness.ts";
import { checkForwardTiles } from "./loss_tiles.ts";

kernelTest(
  "cross_entropy_forward agrees with its twin tile by tile, large logits and uncounted rows included",
  (gpu, random) => checkForwardTiles(gpu, random, "cross_entropy_forward", "f32"),
);

kernelTest("cross_entropy_forward reads halves", async (gpu, random) => {
  await checkForwardTiles(gpu, random, "cross_entropy_forward", "f16");
}, ["shader-f16"]);

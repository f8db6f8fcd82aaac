import { kernelTest } from "./kernel_harness.ts";
import { checkForwardTiles } from "./loss_tiles.ts";

kernelTest(
  "cross_entropy_forward_group agrees with its twin tile by tile, large logits and uncounted rows included",
  (gpu, random) => checkForwardTiles(gpu, random, "cross_entropy_forward_group", "f32"),
);

kernelTest("cross_entropy_forward_group reads halves", async (gpu, random) => {
  await checkForwardTiles(gpu, random, "cross_entropy_forward_group", "f16");
}, ["shader-f16"]);

/**
 * llvmpipe ends an invocation silently after 65535 turns of its loops. A form that walks 280 keys and, for each, 128 columns
 * twice passes that limit towards the end of the context: results there were wrong by half, without an error.
 */
import { assertAttention, attentionData } from "./attention_run.ts";
import { kernelTest } from "./kernel_harness.ts";

const LONG = { batchSize: 1, contextLength: 280, headCount: 1, keyValueHeadCount: 1, headSize: 128 };

kernelTest("attention with the largest heads is right to the last token", async (gpu, random) => {
  const data = attentionData(random, { ...LONG, isPacked: true });
  await assertAttention(gpu, data, "tiled", "forward");
  await assertAttention(gpu, data, "tiled", "backward");
});

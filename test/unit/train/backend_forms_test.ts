/**
 * What runs on a GPU and what runs on a software adapter are other kernels, or other forms of them. Whichever adapter the
 * tests find runs both, so that no form goes untested for want of the machine it is for.
 */
import { strict as assert } from "node:assert";
import { Random } from "../../../src/base/random.ts";
import { relativeDistance } from "../../../src/base/relative_distance.ts";
import { openDevice } from "../../../src/gpu/mod.ts";
import { gpt2Config, llamaConfig, type ModelConfig, parameterLayout } from "../../../src/model/mod.ts";
import { DEFAULT_ADAMW } from "../../../src/optim/adamw.ts";
import { TrainEngine } from "../../../src/train/engine.ts";

const BATCH = 2;
/** Context and widths beyond one tile, and no multiple of any. */
const SIZES = { vocabSize: 301, contextLength: 83, layerCount: 2, headCount: 6, width: 150 };
const MODELS: readonly ModelConfig[] = [
  gpt2Config(SIZES),
  llamaConfig({ ...SIZES, width: 156, keyValueHeadCount: 2, innerWidth: 101 }),
];

async function train(
  config: ModelConfig,
  treatAs: "software" | "hardware",
  precision: "f32" | "f16",
): Promise<{ loss: number; gradients: Float32Array; gradNorm: number; parameters: Float32Array }> {
  const random = new Random(3);
  const layout = parameterLayout(config);
  const parameters = new Float32Array(layout.elementCount);
  for (const { offset, elementCount, decay } of layout.entries) {
    for (let i = offset; i < offset + elementCount; i++) {
      parameters[i] = random.nextNormal() * 0.1 + (decay ? 0 : 0.5);
    }
  }
  const length = BATCH * (config.contextLength + 1);
  const tokens = Uint32Array.from({ length }, () => random.nextBelow(config.vocabSize));
  const gpu = await openDevice({ treatAs });
  try {
    const engine = await TrainEngine.create(gpu, config, {
      batchSize: BATCH,
      adamw: DEFAULT_ADAMW,
      precision,
    });
    engine.loadParameters(parameters);
    const { loss, gradients } = await engine.evaluateGradients(tokens);
    const { gradNorm } = await engine.trainStep(tokens, 1e-3);
    const after = await engine.readParameters();
    engine.destroy();
    return { loss, gradients, gradNorm, parameters: after };
  } finally {
    gpu.close();
  }
}

for (const config of MODELS) {
  for (const precision of ["f32", "f16"] as const) {
    Deno.test(`${config.family} in ${precision}: a GPU's kernels and a software adapter's agree`, async () => {
      const [gpu, software] = [
        await train(config, "hardware", precision),
        await train(config, "software", precision),
      ];
      // Sums of at most a few hundred terms in another order; in f16 each tensor on the way is rounded to 2⁻¹¹.
      const allowed = precision === "f32" ? 2e-5 : 1e-2;
      assert.ok(Math.abs(gpu.loss / software.loss - 1) < allowed / 4, `${gpu.loss}, ${software.loss}`);
      assert.ok(
        Math.abs(gpu.gradNorm / software.gradNorm - 1) < allowed / 4,
        `${gpu.gradNorm}, ${software.gradNorm}`,
      );
      for (const { name, offset, elementCount } of parameterLayout(config).entries) {
        const [actual, expected] = [gpu, software].map((of) =>
          of.gradients.subarray(offset, offset + elementCount)
        );
        const error = relativeDistance(actual, expected);
        assert.ok(error < allowed, `${name}: ${error}`);
      }
      assert.ok(relativeDistance(gpu.parameters, software.parameters) < (precision === "f32" ? 1e-4 : 1e-2));
    });
  }
}

import { strict as assert } from "node:assert";
import {
  type Gpt2Config,
  gpt2Config,
  initialParameters,
  MODEL_PRESETS,
  parameterLayout,
} from "../../../src/model/mod.ts";

Deno.test("the presets have the sizes they are known by", () => {
  // Hugging Face's gpt2: sum of numel over the state dict without the tied lm_head and the mask buffers.
  assert.equal(parameterLayout(MODEL_PRESETS["gpt2-124m"]).parameterCount, 124_439_808);
  assert.equal(parameterLayout(MODEL_PRESETS["gpt2-355m"]).parameterCount, 354_823_168);
  assert.equal(parameterLayout(MODEL_PRESETS.pico).parameterCount, 120_576);
  // TinyLlama 1.1B's own count.
  assert.equal(parameterLayout(MODEL_PRESETS["llama-1b"]).parameterCount, 1_100_048_384);
  const { parameterCount } = parameterLayout(MODEL_PRESETS["llama-150m"]);
  assert.ok(parameterCount > 148e6 && parameterCount < 152e6, `${parameterCount}`);
});

Deno.test("tensors are aligned, do not overlap, and decayed ones come first", () => {
  const config = gpt2Config({ vocabSize: 13, width: 12, headCount: 3, contextLength: 5, layerCount: 2 });
  const layout = parameterLayout(config);
  let end = 0;
  for (const { name, shape, offset, elementCount, decay } of layout.entries) {
    assert.equal(offset % 128, 0, name);
    assert.ok(offset >= end, name);
    assert.equal(elementCount, shape.reduce((a, b) => a * b));
    assert.equal(decay, shape.length === 2, name);
    assert.equal(decay, offset < layout.decayElementCount, name);
    end = offset + elementCount;
  }
  assert.ok(end <= layout.elementCount);
  assert.equal(new Set(layout.entries.map(({ name }) => name)).size, layout.entries.length);
});

Deno.test("initial parameters follow GPT-2 and the seed", () => {
  const config = MODEL_PRESETS.pico;
  const parameters = initialParameters(config, 7);
  assert.deepEqual(parameters, initialParameters(config, 7));
  assert.notDeepEqual(parameters, initialParameters(config, 8));
  const { entries } = parameterLayout(config);
  const tensor = (name: string) => {
    const { offset, elementCount } = entries.find((entry) => entry.name === `transformer.${name}`)!;
    return parameters.subarray(offset, offset + elementCount);
  };
  const deviation = (values: Float32Array) =>
    Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  // 16384 and 4096 draws: the sample deviation is within 5 % of the true one beyond any doubt.
  assert.ok(Math.abs(deviation(tensor("wte.weight")) / 0.02 - 1) < 0.05);
  assert.ok(Math.abs(deviation(tensor("h.1.attn.c_proj.weight")) / 0.01 - 1) < 0.05);
  assert.ok(tensor("h.0.ln_1.weight").every((x) => x === 1));
  assert.ok(tensor("h.0.mlp.c_fc.bias").every((x) => x === 0));
});

Deno.test("a shape that cannot be built is refused by name", () => {
  const refused = (change: Partial<Gpt2Config>) =>
    assert.throws(() => parameterLayout(gpt2Config({ ...MODEL_PRESETS.pico, ...change })), {
      code: "model/bad-config",
    });
  refused({ width: 65 });
  refused({ layerCount: 0 });
  refused({ vocabSize: 2.5 });
  refused({ width: 512, headCount: 2 });
});

import { strict as assert } from "node:assert";
import { gpt2Config, llamaConfig, matchCheckpoint, parameterLayout } from "../../../src/model/mod.ts";

const SIZES = { vocabSize: 11, contextLength: 3, layerCount: 1, headCount: 1, width: 4 };
const GPT2 = gpt2Config(SIZES);
const UNTIED = gpt2Config({ ...SIZES, tiedHead: false });
const LLAMA = llamaConfig({ ...SIZES, innerWidth: 5, tiedHead: true });

const stored = (config = GPT2 as Parameters<typeof parameterLayout>[0]) =>
  new Map(parameterLayout(config).entries.map(({ name, shape }) => [name, shape] as const));

Deno.test("each tensor is found, with and without the model's prefix", () => {
  for (
    const [config, prefix] of [[GPT2, /^transformer\./], [UNTIED, /^transformer\./], [
      LLAMA,
      /^model\./,
    ]] as const
  ) {
    const whole = stored(config);
    const names = [...whole.keys()];
    assert.deepEqual(matchCheckpoint(config, whole).stored, new Map(names.map((name) => [name, name])));
    const bare = new Map([...whole].map(([name, shape]) => [name.replace(prefix, ""), shape]));
    assert.deepEqual(
      matchCheckpoint(config, bare).stored,
      new Map([...whole.keys()].map((name) => [name, name.replace(prefix, "")])),
    );
  }
});

Deno.test("masks and frequencies that are no parameters are passed over", () => {
  const found = stored().set("transformer.h.0.attn.bias", [1, 1, 3, 3]).set("h.0.attn.masked_bias", []);
  assert.equal(matchCheckpoint(GPT2, found).stored.size, stored().size);
  matchCheckpoint(LLAMA, stored(LLAMA).set("model.layers.0.self_attn.rotary_emb.inv_freq", [2]));
});

Deno.test("a tied head may be stored again, an own head must be", () => {
  assert.equal(matchCheckpoint(GPT2, stored()).tiedCopy, undefined);
  assert.equal(matchCheckpoint(GPT2, stored().set("lm_head.weight", [11, 4])).tiedCopy, "lm_head.weight");
  const refused = (config: typeof GPT2, found: Map<string, readonly number[]>, message: RegExp) =>
    assert.throws(() => matchCheckpoint(config, found), { code: "model/unfit-checkpoint", message });
  refused(GPT2, stored().set("lm_head.weight", [11, 5]), /lm_head\.weight has shape \[11,5\]/);
  refused(UNTIED, stored(), /no lm_head\.weight found/);
});

Deno.test("what is missing, surplus or of another shape is refused by name", () => {
  const refused = (found: Map<string, readonly number[]>, message: RegExp) =>
    assert.throws(() => matchCheckpoint(GPT2, found), { code: "model/unfit-checkpoint", message });
  const missing = stored();
  missing.delete("transformer.ln_f.bias");
  refused(missing, /no transformer\.ln_f\.bias found, one of shape \[4\]/);
  refused(stored().set("transformer.h.1.ln_1.bias", [4]), /h\.1\.ln_1\.bias found/);
  refused(stored().set("transformer.h.0.attn.c_attn.weight", [12, 4]), /has shape \[12,4\], \[4,12\] is/);
});

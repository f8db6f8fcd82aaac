import { strict as assert } from "node:assert";
import { Random } from "../../../src/base/random.ts";
import { openDevice } from "../../../src/gpu/mod.ts";
import { drawToken, generate, gpt2Config, LogitsEngine, parameterLayout } from "../../../src/model/mod.ts";

const LOGITS = Float32Array.of(0, Math.log(3), -100, Math.log(4), Math.log(2));

function frequencies(options: { temperature: number; topK: number }): number[] {
  const random = new Random(1);
  const counts = new Array(LOGITS.length).fill(0);
  for (let i = 0; i < 20_000; i++) counts[drawToken(LOGITS, options, random)] += 1 / 20_000;
  return counts;
}

Deno.test("tokens are drawn as often as their softmax says", () => {
  // 20000 draws: a frequency near one half has a deviation of 0.0035.
  const near = (found: number[], expected: number[]) =>
    found.forEach((share, token) =>
      assert.ok(Math.abs(share - expected[token]) < 0.015, `${token}: ${share}`)
    );
  near(frequencies({ temperature: 1, topK: 5 }), [0.1, 0.3, 0, 0.4, 0.2]);
  near(frequencies({ temperature: 0.5, topK: 5 }), [1 / 30, 9 / 30, 0, 16 / 30, 4 / 30]);
  near(frequencies({ temperature: 1, topK: 2 }), [0, 3 / 7, 0, 4 / 7, 0]);
});

Deno.test("no temperature and no choice take the likeliest, the first of equals", () => {
  assert.deepEqual(frequencies({ temperature: 0, topK: 5 }).map(Math.round), [0, 0, 0, 1, 0]);
  assert.deepEqual(frequencies({ temperature: 9, topK: 1 }).map(Math.round), [0, 0, 0, 1, 0]);
  assert.equal(drawToken(Float32Array.of(1, 2, 2), { temperature: 0, topK: 1 }, new Random(1)), 1);
});

Deno.test("generation goes on past the context, the same for the same seed", async () => {
  const config = gpt2Config({ vocabSize: 11, contextLength: 5, layerCount: 1, headCount: 2, width: 8 });
  const random = new Random(2);
  const parameters = Float32Array.from(
    { length: parameterLayout(config).elementCount },
    () => random.nextNormal(),
  );
  const gpu = await openDevice();
  try {
    const engine = new LogitsEngine(gpu, config, { batchSize: 1 });
    engine.loadParameters(parameters);
    const take = async (seed: number, temperature = 2) => {
      const tokens: number[] = [];
      for await (const token of generate(engine, [3, 1], { temperature, topK: 11, seed })) {
        tokens.push(token);
        if (tokens.length === 12) return tokens;
      }
      throw new Error("generation ended");
    };
    const first = await take(1);
    assert.deepEqual(await take(1), first);
    assert.notDeepEqual(await take(2), first);
    assert.ok(first.every((token) => token < 11));
    // By hand: the likeliest token after the prompt, and the likeliest after both.
    const greedy = await take(1, 0);
    for await (const { logits } of engine.logits(Uint32Array.of(3, 1, greedy[0], 0, 0))) {
      const likeliest = (row: number) => {
        const own = logits.subarray(11 * row, 11 * row + 11);
        return own.indexOf(Math.max(...own));
      };
      assert.deepEqual([likeliest(1), likeliest(2)], greedy.slice(0, 2));
    }
    engine.destroy();
  } finally {
    gpu.close();
  }
});

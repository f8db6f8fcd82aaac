import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { Random } from "../../../src/base/random.ts";
import { openDevice } from "../../../src/gpu/mod.ts";
import { gpt2Config, llamaConfig, type ModelConfig, parameterLayout } from "../../../src/model/mod.ts";
import { writeCheckpointGradients } from "../../../src/node/checkpoint_gradients.ts";
import { writeCheckpointLogits } from "../../../src/node/checkpoint_logits.ts";
import { loadCheckpoint, saveCheckpoint } from "../../../src/node/load_checkpoint.ts";
import { writeCheckpoint } from "../../../src/state/checkpoint.ts";

const SIZES = { vocabSize: 11, contextLength: 6, layerCount: 1, headCount: 2, width: 8 };
const MODELS: Record<string, ModelConfig> = {
  "GPT-2": gpt2Config({ ...SIZES, innerWidth: 5, activation: "gelu-erf", tiedHead: false }),
  "Llama": llamaConfig({ ...SIZES, innerWidth: 5, keyValueHeadCount: 1, tiedHead: true }),
};
const DEPS = { clock: systemClock, log: silentLog };

function checkpointTest(
  name: string,
  body: (directory: string, config: ModelConfig, parameters: Float32Array<ArrayBuffer>) => Promise<void>,
): void {
  for (const [family, config] of Object.entries(MODELS)) {
    Deno.test(`${family}: ${name}`, async () => {
      const directory = await Deno.makeTempDir();
      try {
        const random = new Random(5);
        const { elementCount, entries } = parameterLayout(config);
        const parameters = new Float32Array(elementCount);
        for (const { offset, elementCount } of entries) {
          for (let i = 0; i < elementCount; i++) parameters[offset + i] = random.nextNormal() * 0.5;
        }
        await saveCheckpoint(join(directory, "model"), config, parameters);
        await body(directory, config, parameters);
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    });
  }
}

/** Shape and values of an f32 array. */
async function readNpy(path: string): Promise<{ shape: number[]; values: Float32Array }> {
  const bytes = await Deno.readFile(path);
  const headerBytes = 10 + new DataView(bytes.buffer).getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(10, headerBytes));
  const shape = header.match(/'shape': \(([^)]*)\)/)![1].split(",").filter((size) => size.trim() !== "").map(
    Number,
  );
  return { shape, values: new Float32Array(bytes.slice(headerBytes).buffer) };
}

async function logitsOf(directory: string, rows: readonly (readonly number[])[]) {
  const task = await taskOf(directory, rows, "logits.npy");
  await writeCheckpointLogits(task, DEPS);
  return readNpy(task.out);
}

async function taskOf(directory: string, rows: unknown, out: string) {
  const tokens = join(directory, "tokens.json");
  await Deno.writeTextFile(tokens, JSON.stringify(rows));
  return {
    checkpoint: join(directory, "model"),
    tokens,
    out: join(directory, out),
    precision: "f32",
  } as const;
}

checkpointTest("a saved checkpoint is loaded bit for bit", async (directory, config, parameters) => {
  const loaded = await loadCheckpoint(join(directory, "model"));
  assert.deepEqual(loaded.config, config);
  assert.deepEqual(loaded.parameters, parameters);
});

checkpointTest("logits of a row depend on its own earlier tokens alone", async (directory) => {
  const rows = [[3, 1, 4, 1, 5, 9], [2, 6, 5, 3, 5, 8], [3, 1, 4, 0, 0, 0]];
  const { shape, values } = await logitsOf(directory, rows);
  assert.deepEqual(shape, [3, 6, 11]);
  const near = (a: Float32Array, b: Float32Array) =>
    a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) < 1e-5);
  assert.ok(near(values.subarray(0, 33), values.subarray(12 * 11, 15 * 11)), "a common beginning");
  assert.ok(!near(values.subarray(33, 44), values.subarray(15 * 11, 16 * 11)), "another token");
  const second = await logitsOf(directory, [rows[1]]);
  assert.ok(near(second.values, values.subarray(66, 132)), "alone and in a batch");
  const first = await logitsOf(directory, [[3]]);
  assert.deepEqual(first.shape, [1, 1, 11]);
  assert.ok(near(first.values, values.subarray(0, 11)), "a context of one token");
});

checkpointTest(
  "the loss is the logits' own, over all predictions of a next token",
  async (directory, config) => {
    const rows = [[3, 1, 4, 1], [2, 6, 5, 3]];
    const { values } = await logitsOf(directory, rows);
    let sum = 0;
    for (let row = 0; row < 2; row++) {
      for (let t = 0; t < 3; t++) {
        const logits = values.subarray((4 * row + t) * 11, (4 * row + t + 1) * 11);
        sum += Math.log(logits.reduce((total, logit) => total + Math.exp(logit), 0)) -
          logits[rows[row][t + 1]];
      }
    }
    const task = await taskOf(directory, rows, "gradients");
    const summary = await writeCheckpointGradients(task, DEPS);
    assert.ok(Math.abs(summary.loss - sum / 6) < 1e-5);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(join(task.out, "loss.json"))), {
      loss: summary.loss,
    });
    const { entries } = parameterLayout(config);
    const names = (await Array.fromAsync(Deno.readDir(task.out))).map(({ name }) => name);
    assert.deepEqual(names.sort(), [...entries.map(({ name }) => `${name}.npy`), "loss.json"].sort());
    for (const { name, shape } of entries) {
      const gradient = await readNpy(join(task.out, `${name}.npy`));
      assert.deepEqual(gradient.shape, shape, name);
      assert.ok(gradient.values.some((value) => value !== 0), name);
      if (name !== "transformer.wpe.weight") continue;
      // The last token is a target alone, and later positions do not occur.
      gradient.values.forEach((value, i) => assert.equal(value !== 0, i < 3 * 8, `${name} ${i}`));
    }
  },
);

checkpointTest("tokens that do not fit are refused", async (directory) => {
  const refused = async (rows: unknown, code: string, message: RegExp) => {
    await assert.rejects(writeCheckpointLogits(await taskOf(directory, rows, "x.npy"), DEPS), {
      code,
      message,
    });
    await assert.rejects(Deno.stat(join(directory, "x.npy")), Deno.errors.NotFound);
    await assert.rejects(Deno.stat(join(directory, "x.npy.tmp")), Deno.errors.NotFound);
  };
  await refused([[1, 2, 3, 4, 5, 6, 7]], "node/bad-tokens", /rows of 7, 1 to 6/);
  await refused([[1, 2], [3]], "node/bad-tokens", /row 1 has 1/);
  const foreign = /token 1 of row 1 is 4294967295, a token below 11, .* vocabulary/;
  await refused([[1, 2], [3, 11]], "node/bad-tokens", /token 1 of row 1 is 11, a token below 11/);
  await refused([[1, 2], [3, 4294967295]], "node/bad-tokens", foreign);
  const task = await taskOf(directory, [[1]], "gradients");
  await assert.rejects(writeCheckpointGradients(task, DEPS), { code: "node/bad-tokens", message: /2 to 6/ });
  // The number that marks targets which do not count.
  const marked = await taskOf(directory, [[1, 2], [3, 4294967295]], "gradients");
  await assert.rejects(writeCheckpointGradients(marked, DEPS), { code: "node/bad-tokens", message: foreign });
});

checkpointTest(
  "results that are no numbers are refused and not written",
  async (directory, config, parameters) => {
    for (const spoilt of [NaN, Infinity]) {
      parameters[parameterLayout(config).entries[0].offset] = spoilt;
      await saveCheckpoint(join(directory, "model"), config, parameters);
      const refused = {
        code: "node/not-finite",
        message: /finite number is required, check the checkpoint's own/,
      };
      const logits = await taskOf(directory, [[0, 1]], "x.npy");
      await assert.rejects(writeCheckpointLogits(logits, DEPS), refused);
      await assert.rejects(writeCheckpointGradients(await taskOf(directory, [[0, 1]], "x"), DEPS), refused);
      const left = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
      assert.deepEqual(left.sort(), ["model", "tokens.json"]);
    }
  },
);

checkpointTest("f16 is refused where the adapter does not pass for it", async (directory) => {
  const open: typeof openDevice = async (options) => {
    const gpu = await openDevice(options);
    const facts: Record<PropertyKey, unknown> = { has: () => false };
    return new Proxy(gpu, {
      get(target, key) {
        if (key in facts) return facts[key];
        const value = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
  const refused = { code: "gpu/no-f16", message: /fails the numerics gate/ };
  for (const [run, out] of [[writeCheckpointLogits, "x.npy"], [writeCheckpointGradients, "x"]] as const) {
    const task = { ...await taskOf(directory, [[0, 1]], out), precision: "f16" } as const;
    await assert.rejects(run(task, { ...DEPS, open }), refused);
    await assert.rejects(Deno.stat(task.out), Deno.errors.NotFound);
  }
});

checkpointTest(
  "a tied head that was stored and differs is refused",
  async (directory, config, parameters) => {
    if (!config.tiedHead) return;
    const { entries } = parameterLayout(config);
    const tensors = entries.map(({ name, shape, offset, elementCount }) => ({
      name,
      shape,
      values: parameters.slice(offset, offset + elementCount),
    }));
    const { shape, values } = tensors[0];
    const model = join(directory, "model");
    const json = JSON.parse(await Deno.readTextFile(join(model, "config.json")));
    const head = { name: "lm_head.weight", shape, values: values.slice() };
    await writeCheckpoint(model, json, [...tensors, head]);
    assert.deepEqual((await loadCheckpoint(model)).parameters, parameters);
    head.values[5] += 1;
    await writeCheckpoint(model, json, [...tensors, head]);
    await assert.rejects(loadCheckpoint(model), { code: "model/unfit-checkpoint", message: /at element 5/ });
  },
);

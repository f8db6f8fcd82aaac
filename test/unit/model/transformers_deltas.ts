/**
 * `skein logits` and `skein grads` run on a checkpoint of test/fixtures, against what PyTorch computes from it in f64. The
 * readers are the tests' own, so that a fault in ours cannot hide itself.
 */
import { strict as assert } from "node:assert";
import { main } from "../../../src/cli/main.ts";
import type { Precision } from "../../../src/gpu/mod.ts";
import { type VectorDelta, vectorDelta } from "../../vector_delta.ts";
import { readNpy, readReference, type Values } from "./reference_files.ts";

const FIXTURES = new URL("../../fixtures/", import.meta.url).pathname;

export const FIXTURE_MODELS = ["gpt2", "gpt2-bf16-sharded", "llama", "llama-tied", "llama-f16"] as const;

/** Of a tensor's norm. Each is explained in transformers_test.ts. */
export const TOLERANCES: Readonly<Record<Precision, number>> = { f32: 1e-4, f16: 2e-2 };

/** By "logits", "loss" and the names of all tensors that have a gradient. */
export type ModelDeltas = ReadonlyMap<string, VectorDelta>;

export async function transformersDeltas(model: string, precision: Precision): Promise<ModelDeltas> {
  const folder = await Deno.makeTempDir({ prefix: "skein-transformers-" });
  try {
    const theirs = await readReference(`${FIXTURES}${model}/reference.safetensors`);
    await run("logits", model, precision, `${folder}/logits.npy`);
    await run("grads", model, precision, `${folder}/grads`);
    const deltas = new Map([["logits", compare(await readNpy(`${folder}/logits.npy`), theirs, "logits")]]);
    const { loss } = JSON.parse(await Deno.readTextFile(`${folder}/grads/loss.json`));
    deltas.set("loss", vectorDelta([loss], theirs.get("loss")!.data));
    const names = [...theirs.keys()].filter((name) => name !== "logits" && name !== "loss");
    const files = [...Deno.readDirSync(`${folder}/grads`)].map(({ name }) => name).sort();
    assert.deepEqual(files, [...names.map((name) => `${name}.npy`), "loss.json"].sort());
    for (const name of names) {
      deltas.set(name, compare(await readNpy(`${folder}/grads/${name}.npy`), theirs, name));
    }
    return deltas;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The delta of the gradient that is furthest from theirs. */
export function worstGradient(deltas: ModelDeltas): VectorDelta & { readonly name: string } {
  const gradients = [...deltas].filter(([name]) => name !== "logits" && name !== "loss");
  const [name, delta] = gradients.reduce((worst, next) =>
    next[1].relative < worst[1].relative ? worst : next
  );
  return { name, ...delta };
}

function compare(ours: Values, theirs: ReadonlyMap<string, Values>, name: string): VectorDelta {
  const expected = theirs.get(name)!;
  assert.deepEqual(ours.shape, expected.shape, name);
  return vectorDelta(ours.data, expected.data);
}

async function run(
  command: "logits" | "grads",
  model: string,
  precision: Precision,
  out: string,
): Promise<void> {
  const inputs = ["--checkpoint", `${FIXTURES}${model}`, "--tokens", `${FIXTURES}${model}/tokens.json`];
  const args = [command, ...inputs, "--precision", precision, "--out", out];
  assert.equal(await main(args), 0, args.join(" "));
}

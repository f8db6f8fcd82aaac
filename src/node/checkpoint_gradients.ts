/**
 * Loss and gradients of a Hugging Face checkpoint over given tokens: `skein grads`. The loss is the mean over all
 * predictions of a next token, what transformers gives for `model(input_ids, labels=input_ids)`. A row of n tokens has n - 1 of
 * them: the model sees its first n - 1 tokens, since nothing depends on the last but the prediction that it is the target of.
 */
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../base/assert.ts";
import { openDevice, requirePrecision } from "../gpu/mod.ts";
import { type ModelConfig, type ParameterLayout, parameterLayout } from "../model/mod.ts";
import { DEFAULT_ADAMW } from "../optim/adamw.ts";
import { writeNpy, writing } from "../state/npy.ts";
import { TrainEngine } from "../train/engine.ts";
import type { CheckpointDeps, CheckpointSummary, CheckpointTask } from "./checkpoint_logits.ts";
import { checkFinite } from "./finite.ts";
import { loadCheckpoint } from "./load_checkpoint.ts";
import { checkTokenRows, readTokenRows } from "./token_rows.ts";

/**
 * Writes one f32 array for each tensor, `<name>.npy`, and `loss.json` into the directory `task.out`.
 * @throws {SkeinError} `node/bad-tokens`, as `loadCheckpoint`, `gpu/too-large`, `gpu/no-f16`,
 * `node/not-finite`
 */
export async function writeCheckpointGradients(
  task: CheckpointTask,
  { clock, log, open = openDevice }: CheckpointDeps,
): Promise<CheckpointSummary & { loss: number; tensors: number }> {
  const startMs = clock.monotonicMs();
  const rows = await readTokenRows(task.tokens);
  const { config, layout, parameters } = await loadCheckpoint(task.checkpoint);
  checkTokenRows(rows, config, 2, task.tokens);
  const pass: ModelConfig = { ...config, contextLength: rows.length - 1 };
  const passLayout = parameterLayout(pass);
  const { precision = "f32" } = task;
  const gpu = await open({ log });
  try {
    const options = { batchSize: rows.batchSize, adamw: DEFAULT_ADAMW, precision, log };
    const engine = await TrainEngine.create(gpu, pass, options);
    requirePrecision(engine.precision, precision, gpu.adapterName);
    engine.loadParameters(moveTensors(parameters, layout, passLayout));
    log.info(`forward and backward over ${rows.batchSize} rows of ${rows.length} tokens`);
    const { loss, gradients } = await engine.evaluateGradients(rows.tokens);
    await engine.destroy();
    checkFinite(Float32Array.of(loss), "the loss", precision);
    const whole = moveTensors(gradients, passLayout, layout);
    for (const { name, offset, elementCount } of layout.entries) {
      checkFinite(whole.subarray(offset, offset + elementCount), `the gradient of ${name}`, precision);
    }
    for (const { name, shape, offset, elementCount } of layout.entries) {
      await writeNpy(join(task.out, `${name}.npy`), shape, whole.subarray(offset, offset + elementCount));
    }
    await writeWhole(join(task.out, "loss.json"), `${JSON.stringify({ loss })}\n`);
    return {
      adapter: gpu.adapterName,
      family: config.family,
      batch: rows.batchSize,
      context: rows.length,
      out: task.out,
      seconds: (clock.monotonicMs() - startMs) / 1000,
      loss,
      tensors: layout.entries.length,
    };
  } finally {
    gpu.close();
  }
}

/**
 * A vector of one layout in another, of the same tensors for another number of positions: rows of learned positions that
 * only one of them has are left out, or are zero.
 */
function moveTensors(
  vector: Float32Array<ArrayBuffer>,
  from: ParameterLayout,
  to: ParameterLayout,
): Float32Array<ArrayBuffer> {
  if (from.elementCount === to.elementCount) return vector;
  const moved = new Float32Array(to.elementCount);
  from.entries.forEach(({ name, offset, elementCount }, i) => {
    const target = to.entries[i];
    assert(name === target.name, `${name} stands where ${target.name} is expected`);
    const count = Math.min(elementCount, target.elementCount);
    moved.set(vector.subarray(offset, offset + count), target.offset);
  });
  return moved;
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writing(path, async () => {
    await writeFile(`${path}.tmp`, text);
    await rename(`${path}.tmp`, path);
  });
}

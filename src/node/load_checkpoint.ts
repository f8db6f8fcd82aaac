/** From a Hugging Face checkpoint directory to a config and the flat parameter vector, and back. */
import { fromHuggingFaceConfig, toHuggingFaceConfig } from "../model/hugging_face_config.ts";
import {
  embeddingName,
  matchCheckpoint,
  type ModelConfig,
  modelError,
  type ParameterLayout,
  parameterLayout,
} from "../model/mod.ts";
import { Checkpoint, writeCheckpoint } from "../state/checkpoint.ts";

export interface LoadedModel {
  readonly config: ModelConfig;
  readonly layout: ParameterLayout;
  /** [layout.elementCount] */
  readonly parameters: Float32Array<ArrayBuffer>;
}

/**
 * Reads tensor by tensor into the vector.
 * @throws {SkeinError} `state/no-checkpoint`, `state/io`, `state/corrupt`, `state/bad-checkpoint`,
 * `model/unsupported-config`, `model/bad-config`, `model/unfit-checkpoint`
 */
export async function loadCheckpoint(directory: string): Promise<LoadedModel> {
  const checkpoint = await Checkpoint.open(directory);
  try {
    const config = fromHuggingFaceConfig(checkpoint.config);
    const shapes = new Map(checkpoint.names.map((name) => [name, checkpoint.tensor(name)!.shape] as const));
    const { stored, tiedCopy } = matchCheckpoint(config, shapes);
    const layout = parameterLayout(config);
    const parameters = new Float32Array(layout.elementCount);
    for (const { name, offset, elementCount } of layout.entries) {
      await checkpoint.read(stored.get(name)!, parameters.subarray(offset, offset + elementCount));
    }
    if (tiedCopy !== undefined) await checkTiedCopy(checkpoint, tiedCopy, config, layout, parameters);
    return { config, layout, parameters };
  } finally {
    await checkpoint.close();
  }
}

/** Writes what transformers' from_pretrained loads. */
export async function saveCheckpoint(
  directory: string,
  config: ModelConfig,
  parameters: Float32Array<ArrayBuffer>,
): Promise<void> {
  const tensors = parameterLayout(config).entries.map(({ name, shape, offset, elementCount }) => ({
    name,
    shape,
    values: parameters.subarray(offset, offset + elementCount),
  }));
  await writeCheckpoint(directory, toHuggingFaceConfig(config), tensors);
}

async function checkTiedCopy(
  checkpoint: Checkpoint,
  name: string,
  config: ModelConfig,
  { entries }: ParameterLayout,
  parameters: Float32Array,
): Promise<void> {
  const { offset, elementCount } = entries.find((entry) => entry.name === embeddingName(config))!;
  const copy = new Float32Array(elementCount);
  await checkpoint.read(name, copy);
  const differs = copy.findIndex((value, i) => !Object.is(value, parameters[offset + i]));
  if (differs < 0) return;
  throw modelError(
    "model/unfit-checkpoint",
    `load checkpoint: ${name} differs from the embedding at element ${differs}, both must be equal where ` +
      "tie_word_embeddings is true, correct that field of config.json",
    { tensor: name },
  );
}

/** Text that a trained state, or a checkpoint whose tokens are bytes, goes on with: `skein generate`. */
import { utf8 } from "../base/bytes.ts";
import { SkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { byteTokenizer } from "../data/tokenizer.ts";
import { openDevice } from "../gpu/mod.ts";
import {
  generate,
  LogitsEngine,
  MODEL_PRESETS,
  type ModelConfig,
  parameterLayout,
  type SamplingOptions,
} from "../model/mod.ts";
import { readStateFile } from "../state/state_file.ts";
import { loadCheckpoint } from "./load_checkpoint.ts";

export interface GenerateOptions extends SamplingOptions {
  /** Either this, or a state and its preset. */
  readonly checkpoint?: string;
  readonly state?: string;
  readonly preset?: keyof typeof MODEL_PRESETS;
  readonly prompt: string;
  /** Tokens to add to the prompt. */
  readonly count: number;
}

/**
 * Hands on the text piece by piece, in whole characters.
 * @throws {SkeinError} `node/bad-model`, `node/bad-tokens`, as `loadCheckpoint` and `readStateFile`
 */
export async function* generateText(options: GenerateOptions, log: Log): AsyncGenerator<string> {
  const { config, parameters } = await loadModel(options);
  if (config.vocabSize !== byteTokenizer.vocabularySize) {
    throw refuse(
      `a vocabulary of ${config.vocabSize} found, one of 256 bytes is required: no other tokens become text`,
    );
  }
  const prompt = [...utf8(options.prompt)];
  if (prompt.length === 0) {
    throw new SkeinError("node/bad-tokens", "generate: an empty prompt, one character at least is required");
  }
  const gpu = await openDevice({ log });
  try {
    const contextLength = Math.min(config.contextLength, prompt.length + options.count);
    const engine = new LogitsEngine(gpu, config, { batchSize: 1, contextLength });
    engine.loadParameters(parameters);
    const decoder = new TextDecoder();
    let left = options.count;
    for await (const token of generate(engine, prompt, options)) {
      yield decoder.decode(Uint8Array.of(token), { stream: true });
      if (--left === 0) break;
    }
    yield decoder.decode();
    engine.destroy();
  } finally {
    gpu.close();
  }
}

async function loadModel(
  { checkpoint, state, preset }: GenerateOptions,
): Promise<{ config: ModelConfig; parameters: Float32Array }> {
  if (checkpoint !== undefined && state === undefined) return await loadCheckpoint(checkpoint);
  if (checkpoint !== undefined || state === undefined || preset === undefined) {
    throw refuse("either --checkpoint, or --state and --preset are required");
  }
  const config = MODEL_PRESETS[preset];
  const { parameters } = await readStateFile(state).catch((cause) => {
    if (cause instanceof SkeinError) throw cause;
    throw refuse(`${state} cannot be read, a state-N.bin from a node's home is required`, cause);
  });
  const required = parameterLayout(config).elementCount;
  if (parameters.length === required) return { config, parameters };
  throw refuse(
    `${parameters.length} elements found in ${state}, ${required} are required by preset ${preset}`,
  );
}

const refuse = (what: string, cause?: unknown) =>
  new SkeinError("node/bad-model", `generate: ${what}`, {}, cause);

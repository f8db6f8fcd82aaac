/**
 * Which tensor of a checkpoint holds which of the model's, by name and shape. Checkpoints of the bare model leave out the
 * prefix ("wte.weight" for "transformer.wte.weight"); buffers that are no parameters are passed over; a tied head may be
 * stored once more. Everything else that is missing, surplus or of another shape is refused by name.
 */
import type { ModelConfig } from "./config.ts";
import { modelError } from "./errors.ts";
import { embeddingName } from "./pass.ts";
import { tensorShapes } from "./tensor_shapes.ts";

const PREFIX = { gpt2: "transformer.", llama: "model." } as const;
/** Attention masks and rotation frequencies that older versions stored. */
const BUFFERS = /\.attn\.(bias|masked_bias)$|\.rotary_emb\.inv_freq$/;

export interface CheckpointNames {
  /** From the model's name to the checkpoint's. */
  readonly stored: ReadonlyMap<string, string>;
  /** The checkpoint's second copy of the embedding, to be compared with the first. */
  readonly tiedCopy: string | undefined;
}

/**
 * @param found name and shape of every tensor of the checkpoint
 * @throws `model/unfit-checkpoint`
 */
export function matchCheckpoint(
  config: ModelConfig,
  found: ReadonlyMap<string, readonly number[]>,
): CheckpointNames {
  const prefix = PREFIX[config.family];
  const wanted = tensorShapes(config);
  const stored = new Map<string, string>();
  for (const [name, shape] of wanted) {
    const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    const at = found.has(name) ? name : bare;
    const has = found.get(at);
    if (has === undefined) throw unfit(name, `no ${name} found`, `one of shape [${shape}] is required`);
    if (has.length !== shape.length || has.some((size, i) => size !== shape[i])) {
      throw unfit(name, `${at} has shape [${has}]`, `[${shape}] is required by config.json`);
    }
    stored.set(name, at);
  }
  const tiedCopy = config.tiedHead && found.has("lm_head.weight") ? "lm_head.weight" : undefined;
  const used = new Set(stored.values());
  for (const name of found.keys()) {
    if (used.has(name) || name === tiedCopy || BUFFERS.test(`.${name}`)) continue;
    throw unfit(
      name,
      `${name} found`,
      `no tensor of that name belongs to a ${config.family} of its config.json`,
    );
  }
  if (tiedCopy !== undefined) {
    const shape = wanted.find(([name]) => name === embeddingName(config))![1];
    const has = found.get(tiedCopy)!;
    if (has.join() !== shape.join()) {
      throw unfit(tiedCopy, `${tiedCopy} has shape [${has}]`, `[${shape}] is required, as the embedding's`);
    }
  }
  return { stored, tiedCopy };
}

function unfit(tensor: string, found: string, required: string) {
  return modelError("model/unfit-checkpoint", `load checkpoint: ${found}, ${required}`, { tensor });
}

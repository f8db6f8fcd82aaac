/** What `skein logits` and `skein grads` have in common: flags, and progress on stderr so that stdout is the summary's. */
import { eventLog, type Log } from "../base/log.ts";
import { oneOfFlag } from "./flags.ts";
import { describeEvent } from "./present.ts";

export const CHECKPOINT_FLAG = [
  "--checkpoint <dir>",
  "directory with config.json and model.safetensors, as transformers' save_pretrained writes it",
] as const;

export const TOKENS_FLAG = [
  "--tokens <file>",
  "JSON: a list of equally long lists of token numbers",
] as const;

/** No `auto` and no falling back: what is compared must be what was asked for. */
export const PRECISION_FLAG = [
  "--precision <name>",
  "f32, or f16: activations and the parameters that they meet in halves",
  oneOfFlag(["f32", "f16"] as const),
  "f32",
] as const;

export function progressLog(): Log {
  return eventLog((event) => {
    const line = describeEvent(event);
    if (line !== undefined) console.error(line);
  });
}

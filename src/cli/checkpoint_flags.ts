/** What `skein logits` and `skein grads` have in common: flags, and progress on stderr so that stdout is the summary's. */
import { eventLog, type Log } from "../base/log.ts";
import { describeEvent } from "./present.ts";

export const CHECKPOINT_FLAG = [
  "--checkpoint <dir>",
  "directory with config.json and model.safetensors, as transformers' save_pretrained writes it",
] as const;

export const TOKENS_FLAG = [
  "--tokens <file>",
  "JSON: a list of equally long lists of token numbers",
] as const;

export function progressLog(): Log {
  return eventLog((event) => {
    const line = describeEvent(event);
    if (line !== undefined) console.error(line);
  });
}

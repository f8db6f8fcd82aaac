/** Kept apart from `src/node/run_config.ts` so that the command tree loads nothing heavy; a test holds the two equal. */
export const PRESET_NAMES = [
  "pico",
  "nano",
  "gpt2-124m",
  "gpt2-355m",
  "llama-pico",
  "llama-150m",
  "llama-1b",
] as const;

/** How activations are stored on the GPU; each node may choose for itself. */
export const PRECISION_NAMES = ["auto", "f32", "f16"] as const;
export const PRECISION_HELP =
  "arithmetic of training: f32; f16, faster on most GPUs, verified at start, else f32; " +
  "auto, f16 on a GPU that passes";

/** How pseudo-gradients travel. */
export const CODEC_NAMES = ["f32", "f16", "u8", "i4", "sparse"] as const;
export const CODEC_HELP = `how changes travel, the same for all of a run: ${CODEC_NAMES.join(", ")}`;

/** Kept apart from `src/node/run_config.ts` so that the command tree loads nothing heavy; a test holds the two equal. */
export const PRESET_NAMES = ["pico", "nano", "gpt2-124m"] as const;

/** How pseudo-gradients travel. */
export const CODEC_NAMES = ["f32", "f16", "u8", "i4", "sparse"] as const;
export const CODEC_HELP = `how changes travel, the same for all of a run: ${CODEC_NAMES.join(", ")}`;

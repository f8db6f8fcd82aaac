/** Kept apart from `src/node/run_config.ts` so that the command tree loads nothing heavy; a test holds the two equal. */
export const PRESET_NAMES = ["pico", "nano", "gpt2-124m"] as const;

/** `skein generate`: text from a trained state or a checkpoint. */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { CHECKPOINT_FLAG, progressLog } from "./checkpoint_flags.ts";
import { integerFlag, oneOfFlag } from "./flags.ts";
import { printJson } from "./present.ts";
import { PRESET_NAMES } from "./preset_names.ts";

const MAXIMUM_COUNT = 1_000_000;
const MAXIMUM_SEED = 2 ** 32 - 1;

function temperatureFlag(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 100) return value;
  throw new InvalidArgumentError("a number from 0 to 100 is needed.");
}

export const generateCommand = (finish: (code: number) => void) =>
  new Command("generate")
    .description("go on with a text as a trained model would; tokens are bytes")
    .option(...CHECKPOINT_FLAG)
    .option("--state <file>", "instead of a checkpoint: a state-N.bin from a node's home")
    .option("--preset <name>", "preset of the state", oneOfFlag(PRESET_NAMES))
    .requiredOption("--prompt <text>", "the text to go on with")
    .option("--count <tokens>", "tokens to add", integerFlag(1, MAXIMUM_COUNT), 200)
    .option("--temperature <number>", "0 takes the likeliest token", temperatureFlag, 0.8)
    .option(
      "--top-k <count>",
      "draw among so many of the likeliest tokens",
      integerFlag(1, MAXIMUM_COUNT),
      40,
    )
    .option("--seed <number>", "the same seed draws the same tokens", integerFlag(0, MAXIMUM_SEED), 1)
    .option("--json", "print prompt and text as one JSON object", false)
    .action(async ({ json, ...options }) => {
      const { generateText } = await import("../node/generate_text.ts");
      let text = "";
      if (!json) await write(options.prompt);
      for await (const piece of generateText(options, progressLog())) {
        if (json) text += piece;
        else await write(piece);
      }
      if (json) printJson({ prompt: options.prompt, text });
      else await write("\n");
      finish(0);
    });

async function write(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}

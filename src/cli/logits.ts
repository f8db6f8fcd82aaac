/** `skein logits`: what a checkpoint predicts, for comparison with another implementation. */
import { Command } from "@commander-js/extra-typings";
import { systemClock } from "../base/clock.ts";
import { CHECKPOINT_FLAG, PRECISION_FLAG, progressLog, TOKENS_FLAG } from "./checkpoint_flags.ts";
import { printJson } from "./present.ts";
import { printLine } from "./stdout.ts";

export const logitsCommand = (finish: (code: number) => void) =>
  new Command("logits")
    .description("run a Hugging Face checkpoint over given tokens and write its logits")
    .requiredOption(...CHECKPOINT_FLAG)
    .requiredOption(...TOKENS_FLAG)
    .option(...PRECISION_FLAG)
    .requiredOption("--out <file>", "NumPy file to write: f32 [batch, time, vocabulary]")
    .option("--json", "print a summary as one JSON object", false)
    .action(async ({ json, ...task }) => {
      const { writeCheckpointLogits } = await import("../node/checkpoint_logits.ts");
      const summary = await writeCheckpointLogits(task, { clock: systemClock, log: progressLog() });
      if (json) printJson({ ...summary });
      else {
        const { batch, context, vocabulary, out, adapter } = summary;
        printLine(`${out}: f32 [${batch}, ${context}, ${vocabulary}] by ${adapter}`);
      }
      finish(0);
    });

/** `skein grads`: a checkpoint's loss and gradients, for comparison with another implementation. */
import { Command } from "@commander-js/extra-typings";
import { systemClock } from "../base/clock.ts";
import { CHECKPOINT_FLAG, PRECISION_FLAG, progressLog, TOKENS_FLAG } from "./checkpoint_flags.ts";
import { printJson } from "./present.ts";
import { printLine } from "./stdout.ts";

export const gradsCommand = (finish: (code: number) => void) =>
  new Command("grads")
    .description("compute the mean next-token loss of a Hugging Face checkpoint and its gradients")
    .requiredOption(...CHECKPOINT_FLAG)
    .requiredOption(...TOKENS_FLAG)
    .option(...PRECISION_FLAG)
    .requiredOption(
      "--out <dir>",
      "directory to write: loss.json, and a NumPy file for each tensor by its name",
    )
    .option("--json", "print a summary as one JSON object", false)
    .action(async ({ json, ...task }) => {
      const { writeCheckpointGradients } = await import("../node/checkpoint_gradients.ts");
      const summary = await writeCheckpointGradients(task, { clock: systemClock, log: progressLog() });
      if (json) printJson({ ...summary });
      else printLine(`${summary.out}: loss ${summary.loss}, gradients of ${summary.tensors} tensors`);
      finish(0);
    });

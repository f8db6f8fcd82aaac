/** `skein bench matmul | attention | step`: this machine's rates, verified before they are timed. */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { systemClock } from "../base/clock.ts";
import { progressLog } from "./checkpoint_flags.ts";
import { renderAttention, renderMatmul, renderStep } from "./bench_report.ts";
import { AUTOTUNE_FLAG, integerFlag, MICRO_BATCHES_FLAG, oneOfFlag, RECOMPUTE_FLAG } from "./flags.ts";
import { printJson } from "./present.ts";
import { PRECISION_HELP, PRECISION_NAMES, PRESET_NAMES } from "./preset_names.ts";
import { printLine } from "./stdout.ts";

type Finish = (code: number) => void;

const DEFAULT_BATCH = 8;

export const benchCommand = (finish: Finish) =>
  new Command("bench")
    .description(
      "measure this machine: each result is verified, then timed, and set against measured ceilings",
    )
    .addCommand(matmulCommand(finish).exitOverride().showHelpAfterError("(see --help)"))
    .addCommand(attentionCommand(finish).exitOverride().showHelpAfterError("(see --help)"))
    .addCommand(stepCommand(finish).exitOverride().showHelpAfterError("(see --help)"));

const dependencies = () => ({
  clock: systemClock,
  log: progressLog(),
  writeText: (path: string, text: string) => Deno.writeTextFile(path, text),
});

const matmulCommand = (finish: Finish) =>
  shaped("matmul", "matrix products of a training step, forward and both gradients")
    .option("--sizes <list>", "square products of these sizes instead, such as 512,1024,2048", sizesFlag)
    .action(async ({ json, preset, batch, context, precision, sizes }) => {
      const { benchMatmul } = await import("../node/bench/matmul_bench.ts");
      const shape = { preset, batchSize: batch, contextLength: context, precision };
      const result = await benchMatmul({ ...shape, sizes }, dependencies());
      if (json) printJson({ ...result });
      else printLine(renderMatmul(result));
      finish(0);
    });

const attentionCommand = (finish: Finish) =>
  shaped("attention", "fused causal attention, forward and backward")
    .action(async ({ json, preset, batch, context, precision }) => {
      const { benchAttention } = await import("../node/bench/attention_bench.ts");
      const shape = { preset, batchSize: batch, contextLength: context, precision };
      const result = await benchAttention(shape, dependencies());
      if (json) printJson({ ...result });
      else printLine(renderAttention(result));
      finish(0);
    });

const stepCommand = (finish: Finish) =>
  shaped("step", "whole training steps on random tokens")
    .option(...RECOMPUTE_FLAG)
    .option(...MICRO_BATCHES_FLAG)
    .option(...AUTOTUNE_FLAG)
    .option("--steps <n>", "steps to time", integerFlag(1, 100_000), 20)
    .option("--profile [file]", "then time each kernel; with a file, write a Chrome trace to it")
    .action(async ({ json, preset, batch, context, precision, autotune, profile, ...rest }) => {
      const { benchStep } = await import("../node/bench/step_bench.ts");
      const tracePath = typeof profile === "string" ? profile : undefined;
      const result = await benchStep({
        ...{ preset, batchSize: batch, contextLength: context, precision },
        ...{ steps: rest.steps, recompute: rest.recompute, microBatches: rest.microBatches },
        tuning: { flag: autotune },
        profile: profile === undefined ? undefined : { tracePath },
      }, dependencies());
      if (json) printJson({ ...result });
      else printLine(renderStep(result));
      finish(0);
    });

function shaped(name: string, description: string) {
  return new Command(name)
    .description(description)
    .option(
      "--preset <name>",
      `shapes of this model: ${PRESET_NAMES.join(", ")}`,
      oneOfFlag(PRESET_NAMES),
      "nano",
    )
    .option("--batch <n>", "sequences a step", integerFlag(1, 4096), DEFAULT_BATCH)
    .option("--context <n>", "tokens a sequence (default: the preset's)", integerFlag(1, 1 << 20))
    .option("--precision <name>", PRECISION_HELP, oneOfFlag(PRECISION_NAMES), "f32")
    .option("--json", "print one JSON object", false);
}

export function sizesFlag(text: string): readonly number[] {
  const sizes = text.split(",").map(Number);
  if (!sizes.every((size) => Number.isInteger(size) && size >= 1 && size <= 32768)) {
    throw new InvalidArgumentError("whole numbers from 1 to 32768 with commas between them are needed.");
  }
  return sizes;
}

/**
 * Does Skein train as PyTorch does? Trains a plan with our engine and compares with the curve that PyTorch and transformers
 * recorded from the same parameters, batches and hyperparameters (recorded/PLAN_pytorch.json). No Python is needed here.
 *
 *   deno task parity [--plan nano] [--steps 2000] [--precision f32] [--out FILE.json]
 *
 * Prints a line an evaluation; exits 1 unless the last validation loss is within 0.05 nats of PyTorch's. The 2000 steps
 * of nano take 18 minutes of processor time without a GPU; `--steps 200` says most of it in a tenth of that.
 */
import { Command, CommanderError } from "@commander-js/extra-typings";
import { integerFlag, oneOfFlag } from "../../src/cli/flags.ts";
import { loadDefaultCorpus } from "../../src/data/corpus.ts";
import { openDevice, type Precision } from "../../src/gpu/mod.ts";
import { TrainEngine } from "../../src/train/engine.ts";
import { compareCurves, type RecordedCurve } from "./compare.ts";
import { planBytes, trainOurs } from "./training.ts";

/** Nats. Two f32 trainings part after a few hundred steps; their losses stay together. */
const LARGEST_VALIDATION_GAP = 0.05;
const RECORDED = new URL("./recorded/", import.meta.url);

function readFlags(args: readonly string[]) {
  const names = [...Deno.readDirSync(RECORDED)]
    .map(({ name }) => name.match(/^(\w+)_pytorch\.json$/)?.[1])
    .filter((name) => name !== undefined);
  return new Command("deno task parity")
    .description("Trains as a recorded PyTorch training did and compares the losses")
    .option("--plan <name>", names.join(", "), oneOfFlag(names), "nano")
    .option("--steps <count>", "fewer than recorded", integerFlag(1, 1_000_000))
    .option("--precision <name>", "of our side: f32 or f16", oneOfFlag(["f32", "f16"]), "f32")
    .option("--out <file>", "where our curve goes, as JSON")
    .allowExcessArguments(false)
    .exitOverride()
    .parse([...args], { from: "user" }).opts();
}

async function main(args: readonly string[]): Promise<number> {
  const flags = readFlags(args);
  const theirs: RecordedCurve = JSON.parse(
    await Deno.readTextFile(new URL(`${flags.plan}_pytorch.json`, RECORDED)),
  );
  const { plan } = theirs;
  const steps = Math.min(flags.steps ?? plan.steps, theirs.trainLosses.length);
  const bytes = planBytes(plan, await loadDefaultCorpus());
  const gpu = await openDevice();
  const engine = await TrainEngine.create(gpu, plan.model, {
    ...plan,
    precision: flags.precision as Precision,
  });
  console.log(
    `${plan.name}, ${steps} steps in ${engine.precision} on ${gpu.adapterName}; theirs: ${theirs.madeBy}`,
  );
  const started = performance.now();
  const ours = await trainOurs(engine, plan, bytes, steps, (step, trainLoss, validationLoss) => {
    const their = theirs.validationLosses[step / plan.validateEvery];
    console.log(
      `step ${step}: train ${trainLoss.toFixed(4)} (${theirs.trainLosses[step - 1].toFixed(4)}), ` +
        `validation ${validationLoss.toFixed(4)} (${their.toFixed(4)}), ${
          ((performance.now() - started) / 1000).toFixed(0)
        } s`,
    );
  });
  const seconds = (performance.now() - started) / 1000;
  engine.destroy();
  const madeBy = `skein, ${engine.precision}, Deno ${Deno.version.deno}, ${gpu.adapterName}`;
  gpu.close();
  const comparison = compareCurves(ours, theirs);
  if (flags.out !== undefined) {
    const record = { madeBy, comparison, ...ours };
    await Deno.writeTextFile(flags.out, JSON.stringify(record) + "\n");
  }
  const isMet = Math.abs(comparison.finalValidationGap) <= LARGEST_VALIDATION_GAP;
  console.log(
    `${isMet ? "met" : "not met"}: validation loss ${
      comparison.finalValidationGap.toFixed(5)
    } from theirs at the end, ` +
      `${LARGEST_VALIDATION_GAP} allowed; at most ${
        comparison.largestValidationGap.toFixed(5)
      } on the way, ` +
      `training losses at most ${comparison.largestTrainGap.toFixed(5)}; ${seconds.toFixed(0)} s`,
  );
  return isMet ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    Deno.exit(error.exitCode === 0 ? 0 : 2);
  }
}

/**
 * Does sparse exchange train as well as exact exchange? One model is trained twice from the same parameters, over the same
 * pages in the same order, by the same members: once exchanging f32, once 64 of each 4096 elements in 14 bits each, with
 * error feedback. Real engine, codec, span plan, reducer and outer step; the members take turns on one GPU.
 *
 * Both branch off a sparse run at the end of its dense steps (`--dense-steps n`; `src/node/exchange_plan.ts` says how a run
 * exchanges them); f32 keeps the outer momentum that it has there. Each has the outer optimiser that a run of its codec has;
 * with `--same-outer` f32 takes that of the sparse run.
 *
 *   deno task sparse [--preset nano] [--members 8] [--dense-steps 10] [--outer-steps 20] [--inner-steps 5] [--seed 7] [--json] …
 *
 * Prints a line a round and the verdict last; exits 1 unless the final validation loss is at most 0.05 nats above that of f32
 * and the wire size within 1 % of the arithmetic, ⌈elements / 64⌉ entries of 14 bits.
 */
import { codecByName } from "../src/codec/by_name.ts";
import { loadDefaultCorpus } from "../src/data/corpus.ts";
import { joinBatches, validationBatches } from "../src/data/pages.ts";
import { openDevice } from "../src/gpu/mod.ts";
import { MODEL_PRESETS, type ModelPreset } from "../src/model/mod.ts";
import { exchangeAt } from "../src/node/exchange_plan.ts";
import { defineRun } from "../src/node/run_config.ts";
import { TrainEngine } from "../src/train/engine.ts";
import {
  type ExchangeSettings,
  type TrainingRecord,
  type TrainingSettings,
  trainWithExchange,
} from "./exchange_training.ts";
import { type SparseFlags, sparseFlags } from "./sparse_flags.ts";

const told = sparseFlags(Deno.args);
if (typeof told === "number") Deno.exit(told);
const flags: SparseFlags = told;

const VALIDATION_SEQUENCES = 32;
const LARGEST_LOSS_GAP = 0.05;
const LARGEST_SIZE_GAP = 0.01;

/** As a node of such a run would exchange in its first round, or after the dense ones. */
function exchangeOf(codecName: string, when: "first" | "later"): ExchangeSettings {
  const run = { genesisHash: "", netuid: 0, preset: flags.preset, corpusDigest: "", codec: codecName };
  const { codec, feedbackDecay, clip, outer } = exchangeAt(
    defineRun(run).config,
    when === "first" ? 1 : Infinity,
  );
  return { codec: codecByName(codec), outer, robust: { clip }, feedbackDecay: feedbackDecay ?? undefined };
}

function overridden(exchange: ExchangeSettings): ExchangeSettings {
  const { outer, robust, feedbackDecay } = exchange;
  return {
    ...exchange,
    outer: {
      learningRate: flags.outerRate ?? outer.learningRate,
      momentum: flags.outerMomentum ?? outer.momentum,
    },
    robust: flags.clip === undefined ? robust : { clip: flags.clip === "true" },
    feedbackDecay: flags.decay ?? feedbackDecay,
  };
}

const gpu = await openDevice();
const corpus = await loadDefaultCorpus();
const config = { ...MODEL_PRESETS[flags.preset as ModelPreset], contextLength: flags.context };
const batchSize = flags.batch;
const adamw = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };
const engine = await TrainEngine.create(gpu, config, { batchSize, adamw });
const settings = {
  seed: flags.seed,
  memberCount: flags.members,
  outerSteps: flags.outerSteps,
  innerSteps: flags.innerSteps,
  innerLearningRate: flags.learningRate,
  corpus,
  validationTokens: joinBatches(
    validationBatches(
      corpus,
      VALIDATION_SEQUENCES - VALIDATION_SEQUENCES % batchSize,
      batchSize,
      config.contextLength,
    ),
  ),
};

async function train(
  name: string,
  exchange: ExchangeSettings,
  how: TrainingSettings,
): Promise<TrainingRecord> {
  const onOuterStep = (step: number, loss: number) => console.log(`${name} ${step}: ${loss.toFixed(4)}`);
  return await trainWithExchange(engine, { ...how, onOuterStep }, exchange);
}

/** 14 bits for each of ⌈elements / 64⌉ entries. */
const arithmeticBytes = (14 * Math.ceil(engine.layout.elementCount / 64)) / 8;
const sparse = overridden(exchangeOf("sparse", "later"));
const f32 = { ...exchangeOf("f32", "later"), ...(flags.sameOuter ? { outer: sparse.outer } : {}) };
const dense = { ...settings, outerSteps: flags.denseSteps };
const start = flags.denseSteps > 0
  ? (await train("dense", exchangeOf("sparse", "first"), dense)).end
  : undefined;
const exact = await train("f32", f32, { ...settings, start });
const thin = await train("sparse", sparse, { ...settings, start });
gpu.close();

const lossGap = thin.validationLosses.at(-1)! - exact.validationLosses.at(-1)!;
const sizeGap = thin.contributionBytes / arithmeticBytes - 1;
const isPassed = lossGap <= LARGEST_LOSS_GAP && Math.abs(sizeGap) <= LARGEST_SIZE_GAP;
const result = {
  event: "sparse-training",
  isPassed,
  adapter: gpu.adapterName,
  deno: Deno.version.deno,
  ...flags,
  parameters: engine.layout.elementCount,
  f32: { losses: exact.validationLosses, bytes: exact.contributionBytes, outer: f32.outer },
  sparse: {
    losses: thin.validationLosses,
    bytes: thin.contributionBytes,
    meanBytes: thin.resultBytes,
    outer: sparse.outer,
    feedbackDecay: sparse.feedbackDecay,
    ...sparse.robust,
  },
  lossGap,
  arithmeticBytes,
  sizeGap,
  compression: exact.contributionBytes / thin.contributionBytes,
  resultCompression: exact.resultBytes / thin.resultBytes,
};
const summary =
  `sparse ends at ${thin.validationLosses.at(-1)!.toFixed(4)}, f32 at ${
    exact.validationLosses.at(-1)!.toFixed(4)
  }, both from ${exact.validationLosses[0].toFixed(4)}: gap ${
    lossGap.toFixed(4)
  } nats, up to ${LARGEST_LOSS_GAP} allowed; ` +
  `${thin.contributionBytes} bytes, ${
    (100 * sizeGap).toFixed(2)
  } % above the arithmetic, up to 1 % allowed: ${isPassed ? "passed" : "failed"}`;
console.log(flags.json ? JSON.stringify(result) : summary);
Deno.exit(isPassed ? 0 : 1);

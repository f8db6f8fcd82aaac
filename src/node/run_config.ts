/**
 * What all nodes of one run must agree on, bit for bit: model, data, seeds, hyperparameters, cadence. Its digest is the
 * run id; nodes with another id refuse each other's connections and say which run the other is on. Nothing here depends
 * on the machine: the same chain, subnet, preset and corpus give the same run everywhere.
 */
import { sha256Sync, toHex, utf8 } from "../base/bytes.ts";
import { SkeinError } from "../base/errors.ts";
import { MODEL_PRESETS, type ModelConfig, modelIdentity } from "../model/mod.ts";
import { type CodecName, DEFAULT_CODEC, type ExchangePlan, EXCHANGES } from "./exchange_plan.ts";

export interface TrainingPreset {
  /** Sequences in a micro-batch: one inner step trains on batchSize × contextLength tokens. */
  readonly batchSize: number;
  /** Inner steps of an outer step, at most; a miner that meets the deadline earlier is ready with fewer. */
  readonly innerSteps: number;
  /** Inner step after which the waypoint is taken that validators replay. */
  readonly waypointSteps: number;
  readonly innerLearningRate: number;
  /** Linear warm-up at the start of each outer step, because AdamW's moments start anew there. */
  readonly warmupSteps: number;
  readonly adamw: { beta1: number; beta2: number; epsilon: number; weightDecay: number; maxGradNorm: number };
  /** Outer Nesterov SGD (DiLoCo, Douillard et al. 2023), unless the exchange has its own (exchange_plan.ts). */
  readonly outerLearningRate: number;
  readonly outerMomentum: number;
  /** Blocks from one commit until the group is formed from whoever is ready. */
  readonly roundBlocks: number;
  /** Sequences of the held-out text on which validation loss is measured. */
  readonly validationSequences: number;
}

/** Blocks past a round's deadline after which a majority of those who are left may go on. */
export const RECOVERY_BLOCKS = 30;

/** A miner whose rounds fail trains on, up to this: more would weigh more than its part of the mean. */
export const maxInnerSteps = (innerSteps: number): number => 4 * innerSteps;

const ADAMW = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };

/**
 * `pico` is tuned for a handful of short rounds on a software adapter: a low outer momentum, because 0.9 overshoots
 * when the whole run is shorter than the momentum's memory of ten steps. The others follow DiLoCo and the subnet.
 */
const PICO: TrainingPreset = {
  batchSize: 8,
  innerSteps: 30,
  waypointSteps: 4,
  innerLearningRate: 3e-3,
  warmupSteps: 4,
  adamw: ADAMW,
  outerLearningRate: 0.8,
  outerMomentum: 0.3,
  roundBlocks: 60,
  validationSequences: 32,
};
const GPT2_124M: TrainingPreset = {
  batchSize: 4,
  innerSteps: 100,
  waypointSteps: 4,
  innerLearningRate: 4e-4,
  warmupSteps: 4,
  adamw: ADAMW,
  outerLearningRate: 0.7,
  outerMomentum: 0.9,
  roundBlocks: 300,
  validationSequences: 8,
};

/** Larger models take smaller steps, as GPT-3's table of sizes does; the blocks of a round grow with the bytes to exchange. */
export const TRAINING_PRESETS: Readonly<Record<string, TrainingPreset>> = {
  pico: PICO,
  nano: {
    ...PICO,
    innerSteps: 50,
    innerLearningRate: 2e-3,
    outerLearningRate: 0.7,
    outerMomentum: 0.6,
    roundBlocks: 120,
  },
  "gpt2-124m": GPT2_124M,
  "gpt2-355m": { ...GPT2_124M, innerLearningRate: 3e-4, roundBlocks: 600 },
  "llama-pico": PICO,
  "llama-150m": GPT2_124M,
  "llama-1b": { ...GPT2_124M, batchSize: 2, innerLearningRate: 2e-4, roundBlocks: 1200 },
};

export interface RunConfig {
  /** 2: tensors start at multiples of 128 elements in the flat vector, where they may be bound in f16 too. */
  readonly version: 2;
  readonly genesisHash: string;
  readonly netuid: number;
  readonly preset: string;
  readonly model: ModelConfig;
  readonly training: TrainingPreset;
  /** SHA-256 of the corpus, hex. */
  readonly corpusDigest: string;
  readonly exchange: ExchangePlan;
}

export interface Run {
  readonly config: RunConfig;
  /** 64 hex digits. */
  readonly runId: string;
  /** 32-bit seed of initial parameters and page permutation, from the run id. */
  readonly seed: number;
  /** For people: what to compare when two runs differ. */
  readonly description: string;
}

/** @throws {SkeinError} `node/unknown-preset`, `node/unknown-codec` */
export function defineRun(
  options: { genesisHash: string; netuid: number; preset: string; corpusDigest: string; codec?: string },
): Run {
  const model = (MODEL_PRESETS as Readonly<Record<string, ModelConfig>>)[options.preset];
  const training = TRAINING_PRESETS[options.preset];
  if (model === undefined || training === undefined) {
    throw new SkeinError(
      "node/unknown-preset",
      `choose a preset: "${options.preset}", one of ${Object.keys(TRAINING_PRESETS).join(", ")} is needed`,
      { preset: options.preset },
    );
  }
  const name = options.codec ?? DEFAULT_CODEC;
  if (!Object.hasOwn(EXCHANGES, name)) {
    throw new SkeinError(
      "node/unknown-codec",
      `choose a codec: "${name}", one of ${Object.keys(EXCHANGES).join(", ")} is needed`,
      { codec: name },
    );
  }
  const exchange = EXCHANGES[name as CodecName];
  const config: RunConfig = {
    version: 2,
    genesisHash: options.genesisHash,
    netuid: options.netuid,
    preset: options.preset,
    model,
    training,
    corpusDigest: options.corpusDigest,
    exchange,
  };
  const digest = sha256Sync(utf8(canonicalJson({ ...config, model: modelIdentity(model) })));
  return {
    config,
    runId: toHex(digest),
    seed: new DataView(digest.buffer).getUint32(0, true),
    description:
      `preset ${options.preset}, codec ${exchange.codec}, netuid ${options.netuid}, chain ${
        options.genesisHash.slice(0, 10)
      }, ` +
      `corpus ${options.corpusDigest.slice(0, 8)}`,
  };
}

/** JSON with object keys in order, so that equal configs have equal text. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

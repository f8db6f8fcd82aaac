/**
 * Shapes of models. A config says everything that forward and backward depend on; `gpt2Config` and `llamaConfig` fill in what
 * a family fixes or usually has. Presets are in presets.ts, Hugging Face's config.json in hugging_face_config.ts.
 */
import { modelError } from "./errors.ts";
import { tensorShapes } from "./tensor_shapes.ts";

/** What both families have. */
interface ModelShape {
  readonly vocabSize: number;
  /** Tokens a sequence, T. */
  readonly contextLength: number;
  readonly layerCount: number;
  /** Query heads, H. */
  readonly headCount: number;
  /** Heads of keys and values; each serves headCount / keyValueHeadCount query heads. */
  readonly keyValueHeadCount: number;
  /** D */
  readonly headSize: number;
  /** Width of the residual stream, C. */
  readonly width: number;
  /** Width inside the MLP. */
  readonly innerWidth: number;
  /** Added to the variance under the root. */
  readonly normEpsilon: number;
  /** The output projection is the token embedding. */
  readonly tiedHead: boolean;
}

export interface Gpt2Config extends ModelShape {
  readonly family: "gpt2";
  /** GELU by tanh, as GPT-2 was trained with, or by the error function. */
  readonly activation: "gelu-tanh" | "gelu-erf";
}

/** How Llama 3 stretches rope's long wavelengths, as `rope_scaling` of type llama3 says. */
export interface RopeScaling {
  readonly factor: number;
  readonly lowFrequencyFactor: number;
  readonly highFrequencyFactor: number;
  readonly originalContextLength: number;
}

export interface LlamaConfig extends ModelShape {
  readonly family: "llama";
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling | null;
}

export type ModelConfig = Gpt2Config | LlamaConfig;

/** The attention kernels keep a head's row in registers. */
export const MAX_HEAD_SIZE = 128;

/** What tells one GPT-2 from another: the rest has a usual value. */
export type Gpt2Choice =
  & Pick<Gpt2Config, "vocabSize" | "contextLength" | "layerCount" | "headCount" | "width">
  & Partial<Pick<Gpt2Config, "innerWidth" | "normEpsilon" | "tiedHead" | "activation">>;

export function gpt2Config(choice: Gpt2Choice): Gpt2Config {
  const { headCount, width } = choice;
  return {
    family: "gpt2",
    innerWidth: 4 * width,
    normEpsilon: 1e-5,
    tiedHead: true,
    activation: "gelu-tanh",
    ...choice,
    keyValueHeadCount: headCount,
    headSize: width / headCount,
  };
}

export type LlamaChoice =
  & Pick<LlamaConfig, "vocabSize" | "contextLength" | "layerCount" | "headCount" | "width" | "innerWidth">
  & Partial<LlamaConfig>;

export function llamaConfig(choice: LlamaChoice): LlamaConfig {
  const { headCount, width } = choice;
  return {
    keyValueHeadCount: headCount,
    headSize: width / headCount,
    normEpsilon: 1e-5,
    tiedHead: false,
    ropeTheta: 10000,
    ropeScaling: null,
    ...choice,
    family: "llama",
  };
}

/**
 * What a run's id is made of. A GPT-2's usual values are left out, so that ids stay what they were before those could
 * be chosen.
 */
export function modelIdentity(config: ModelConfig): Record<string, unknown> {
  if (config.family !== "gpt2") return { ...config };
  const { family, vocabSize, contextLength, layerCount, headCount, width } = config;
  const choice = { vocabSize, contextLength, layerCount, headCount, width };
  const usual = gpt2Config(choice) as unknown as Record<string, unknown>;
  const unusual = Object.entries(config).filter(([field, value]) => usual[field] !== value);
  return { family, ...choice, ...Object.fromEntries(unusual) };
}

/** Far above any model's; a config from strangers must not make us list tensors without end. */
const MAXIMUM_COUNTS = {
  vocabSize: 2 ** 24,
  contextLength: 2 ** 24,
  layerCount: 1024,
  headCount: 2 ** 12,
  keyValueHeadCount: 2 ** 12,
  width: 2 ** 18,
  innerWidth: 2 ** 20,
} as const;
const MAXIMUM_ELEMENTS = 2 ** 40;

/** @throws `model/bad-config` */
export function checkModelConfig(config: ModelConfig): void {
  const refuse = (field: string, found: string, required: string) => {
    const value = (config as unknown as Record<string, unknown>)[field];
    throw modelError("model/bad-config", `build a model: ${found}, ${required} is required`, {
      field,
      value,
    });
  };
  for (const [field, most] of Object.entries(MAXIMUM_COUNTS)) {
    const value = config[field as keyof typeof MAXIMUM_COUNTS];
    if (!Number.isSafeInteger(value) || value < 1 || value > most) {
      refuse(field, `${field} is ${value}`, `a positive integer up to ${most}`);
    }
  }
  const { width, headCount, keyValueHeadCount, headSize, normEpsilon } = config;
  if (!Number.isInteger(headSize) || headSize < 1 || headSize > MAX_HEAD_SIZE) {
    const found = `width ${width} over ${headCount} heads gives heads of ${headSize}`;
    refuse("headSize", found, `a whole number up to ${MAX_HEAD_SIZE}`);
  }
  if (headCount % keyValueHeadCount !== 0) {
    const found = `${headCount} heads share ${keyValueHeadCount} heads of keys and values`;
    refuse("keyValueHeadCount", found, "a divisor of the former");
  }
  if (!(normEpsilon > 0 && normEpsilon < 1)) {
    refuse("normEpsilon", `normEpsilon is ${normEpsilon}`, "a number above 0 and below 1");
  }
  if (config.family === "gpt2" && headSize * headCount !== width) {
    refuse("headSize", `${headCount} heads of ${headSize} in a width of ${width}`, "their product");
  }
  if (config.family === "llama") checkRope(config, refuse);
  const elements = countElements(config);
  if (elements > MAXIMUM_ELEMENTS) {
    refuse(
      "layerCount",
      `its tensors have ${elements} elements`,
      `a smaller shape, of at most ${MAXIMUM_ELEMENTS},`,
    );
  }
}

/** Elements of all tensors, from those of one layer. */
function countElements(config: ModelConfig): number {
  const [bare, one] = [0, 1].map((layerCount) =>
    tensorShapes({ ...config, layerCount })
      .reduce((sum, [, shape]) => sum + shape.reduce((product, size) => product * size, 1), 0)
  );
  return bare + config.layerCount * (one - bare);
}

function checkRope(
  { headSize, ropeTheta, ropeScaling }: LlamaConfig,
  refuse: (field: string, found: string, required: string) => void,
): void {
  if (headSize % 2 !== 0) refuse("headSize", `headSize is ${headSize}`, "an even number, for rope's pairs,");
  if (!(ropeTheta > 1 && ropeTheta < 1e12)) {
    refuse("ropeTheta", `ropeTheta is ${ropeTheta}`, "a number above 1 and below 1e12");
  }
  if (ropeScaling === null) return;
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength } = ropeScaling;
  if (!(factor >= 1 && low > 0 && high > low && originalContextLength >= 1)) {
    const found = `ropeScaling is ${JSON.stringify(ropeScaling)}`;
    refuse("ropeScaling", found, "factor ≥ 1, 0 < lowFrequencyFactor < highFrequencyFactor");
  }
}

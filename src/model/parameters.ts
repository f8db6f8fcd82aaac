/**
 * All parameters of a model in one flat f32 arena: the unit that AdamW updates, that the all-reduce averages and that the
 * Merkle tree covers. Names and shapes are Hugging Face's (tensor_shapes.ts). Tensors start at multiples of 128 elements,
 * so each can be bound alone in f32 and in f16; the gaps are zero and stay zero. Matrices, which AdamW decays, come
 * first, so one boundary tells decayed elements from the rest.
 */
import { Random } from "../base/random.ts";
import { checkModelConfig, type ModelConfig } from "./config.ts";
import { tensorShapes } from "./tensor_shapes.ts";

export interface ParameterEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** First element in the arena. */
  readonly offset: number;
  readonly elementCount: number;
  /** Weight decay applies: matrices yes, biases and gains no. */
  readonly decay: boolean;
}

export interface ParameterLayout {
  readonly entries: readonly ParameterEntry[];
  /** Size of the arena, gaps included. */
  readonly elementCount: number;
  /** Elements before this one decay. */
  readonly decayElementCount: number;
  /** Without gaps: what people mean by the size of a model. */
  readonly parameterCount: number;
}

/** 256 bytes in f16, what any adapter allows a binding to start at. */
const ALIGNMENT_ELEMENTS = 128;
const RESIDUAL_PROJECTION = /(c_proj|o_proj|down_proj)\.weight$/;

/** @throws `model/bad-config` */
export function parameterLayout(config: ModelConfig): ParameterLayout {
  checkModelConfig(config);
  const named = tensorShapes(config);
  const ordered = [
    ...named.filter(([, shape]) => shape.length > 1),
    ...named.filter(([, shape]) => shape.length < 2),
  ];
  const entries: ParameterEntry[] = [];
  let offset = 0;
  let decayElementCount = 0;
  for (const [name, shape] of ordered) {
    const elementCount = shape.reduce((product, size) => product * size, 1);
    const decay = shape.length > 1;
    entries.push({ name, shape, offset, elementCount, decay });
    offset += Math.ceil(elementCount / ALIGNMENT_ELEMENTS) * ALIGNMENT_ELEMENTS;
    if (decay) decayElementCount = offset;
  }
  const parameterCount = entries.reduce((sum, entry) => sum + entry.elementCount, 0);
  return { entries, elementCount: offset, decayElementCount, parameterCount };
}

/**
 * GPT-2's initialisation, for both families: N(0, 0.02), residual projections N(0, 0.02 / √(2L)), biases 0, gains 1. Drawn in the order of the
 * layout from one seeded stream: the same seed gives the same parameters on every machine.
 */
export function initialParameters(config: ModelConfig, seed: number): Float32Array<ArrayBuffer> {
  const layout = parameterLayout(config);
  const random = new Random(seed);
  const parameters = new Float32Array(layout.elementCount);
  for (const { name, offset, elementCount, decay } of layout.entries) {
    if (decay) {
      const deviation = RESIDUAL_PROJECTION.test(name) ? 0.02 / Math.sqrt(2 * config.layerCount) : 0.02;
      for (let i = 0; i < elementCount; i++) parameters[offset + i] = random.nextNormal() * deviation;
    } else if (name.endsWith(".weight")) {
      parameters.fill(1, offset, offset + elementCount);
    }
  }
  return parameters;
}

/**
 * Llama on the CPU in f64, composed from the twins, as model.ts is GPT-2: the loss that finite differences are taken of.
 */
import { allColumns } from "./attention_columns.ts";
import { attentionForward } from "./attention_forward.ts";
import { crossEntropyLosses } from "./cross_entropy_forward.ts";
import { matmulNT } from "./matmul_nt.ts";
import { residualForward } from "./residual_forward.ts";
import { rmsnormForward } from "./rmsnorm_forward.ts";
import { rope } from "./rope.ts";
import { swigluForward } from "./swiglu_forward.ts";
import type { Values } from "./values.ts";

export interface ReferenceLlama {
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly layerCount: number;
  readonly headCount: number;
  readonly keyValueHeadCount: number;
  readonly headSize: number;
  readonly width: number;
  readonly innerWidth: number;
  readonly normEpsilon: number;
  readonly tiedHead: boolean;
  /** [contextLength, headSize / 2, 2] */
  readonly ropeTable: Values;
  /** A tensor by its Hugging Face name. */
  readonly parameter: (name: string) => Values;
}

/** Mean next-token loss in nats. inputs and targets [B·T]. */
export function referenceLlamaLoss(model: ReferenceLlama, inputs: Uint32Array, targets: Uint32Array): number {
  const { vocabSize, width, normEpsilon, tiedHead, parameter } = model;
  const rows = inputs.length;
  const embedding = parameter("model.embed_tokens.weight");
  let x: Float64Array = Float64Array.from(
    { length: rows * width },
    (_, i) => embedding[inputs[Math.floor(i / width)] * width + i % width],
  );
  for (let layer = 0; layer < model.layerCount; layer++) x = referenceLayer(model, layer, x, rows);
  const normed = rmsnormForward(x, parameter("model.norm.weight"), width, normEpsilon).y;
  const head = tiedHead ? embedding : parameter("lm_head.weight");
  const logits = matmulNT(normed, head, { rows, columns: vocabSize, inner: width });
  return crossEntropyLosses(logits, targets, vocabSize).losses.reduce((sum, loss) => sum + loss, 0) / rows;
}

/** One block: x [rows, width] → x [rows, width]. */
function referenceLayer(model: ReferenceLlama, layer: number, x: Float64Array, rows: number): Float64Array {
  const { contextLength: context, headCount, keyValueHeadCount, headSize, width, innerWidth } = model;
  const p = (name: string) => model.parameter(`model.layers.${layer}.${name}.weight`);
  const linear = (values: Float64Array, name: string, inner: number, columns: number) =>
    matmulNT(values, p(name), { rows, columns, inner });
  const norm = (values: Float64Array, name: string) =>
    rmsnormForward(values, p(name), width, model.normEpsilon).y;
  const turn = (values: Float64Array, heads: number) =>
    rope(values, model.ropeTable, { context, heads, headSize });
  const [queryWidth, keyWidth] = [headCount * headSize, keyValueHeadCount * headSize];
  const normed = norm(x, "input_layernorm");
  const { out } = attentionForward({
    queries: allColumns(turn(linear(normed, "self_attn.q_proj", width, queryWidth), headCount), queryWidth),
    keys: allColumns(turn(linear(normed, "self_attn.k_proj", width, keyWidth), keyValueHeadCount), keyWidth),
    values: allColumns(linear(normed, "self_attn.v_proj", width, keyWidth), keyWidth),
  }, { batchSize: rows / context, contextLength: context, headCount, keyValueHeadCount, headSize });
  const middle = residualForward(x, linear(out, "self_attn.o_proj", queryWidth, width));
  const inner = norm(middle, "post_attention_layernorm");
  const gated = swigluForward(
    linear(inner, "mlp.gate_proj", width, innerWidth),
    linear(inner, "mlp.up_proj", width, innerWidth),
  );
  return residualForward(middle, linear(gated, "mlp.down_proj", innerWidth, width));
}

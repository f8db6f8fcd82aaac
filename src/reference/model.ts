/**
 * GPT-2 on the CPU in f64, composed from the twins: the loss that the GPU's is compared with, and the function that finite
 * differences are taken of. Plain and slow; for models of a few thousand parameters.
 */
import { packedColumns } from "./attention_columns.ts";
import { attentionForward } from "./attention_forward.ts";
import { crossEntropyLosses } from "./cross_entropy_forward.ts";
import { embeddingForward } from "./embedding_forward.ts";
import { geluForward } from "./gelu_forward.ts";
import { layernormForward } from "./layernorm_forward.ts";
import { matmulNN } from "./matmul_nn.ts";
import { matmulNT } from "./matmul_nt.ts";
import { residualForward } from "./residual_forward.ts";
import type { Values } from "./values.ts";

export interface ReferenceModel {
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly layerCount: number;
  readonly headCount: number;
  readonly width: number;
  /** A tensor by its Hugging Face name without "transformer.". */
  readonly parameter: (name: string) => Values;
}

/** Mean next-token loss in nats. inputs and targets [B·T]. */
export function referenceLoss(model: ReferenceModel, inputs: Uint32Array, targets: Uint32Array): number {
  const { vocabSize, contextLength, width, parameter: p } = model;
  const rows = inputs.length;
  let x = embeddingForward(inputs, p("wte.weight"), p("wpe.weight"), { context: contextLength, width });
  for (let layer = 0; layer < model.layerCount; layer++) x = referenceLayer(model, layer, x, rows);
  const normed = layernormForward(x, p("ln_f.weight"), p("ln_f.bias"), width).y;
  const logits = matmulNT(normed, p("wte.weight"), { rows, columns: vocabSize, inner: width });
  const { losses } = crossEntropyLosses(logits, targets, vocabSize);
  return losses.reduce((sum, loss) => sum + loss, 0) / rows;
}

/** One block: x [rows, width] → x [rows, width]. */
function referenceLayer(model: ReferenceModel, layer: number, x: Float64Array, rows: number): Float64Array {
  const { contextLength, headCount, width } = model;
  const p = (name: string) => model.parameter(`h.${layer}.${name}`);
  const linear = (values: Float64Array, name: string, inner: number, columns: number) =>
    matmulNN(values, p(`${name}.weight`), { rows, columns, inner }, { bias: p(`${name}.bias`) });
  const norm = (values: Float64Array, name: string) =>
    layernormForward(values, p(`${name}.weight`), p(`${name}.bias`), width).y;
  const qkv = linear(norm(x, "ln_1"), "attn.c_attn", width, 3 * width);
  const shape = {
    batchSize: rows / contextLength,
    contextLength,
    headCount,
    keyValueHeadCount: headCount,
    headSize: width / headCount,
  };
  const { out } = attentionForward(packedColumns(qkv, shape), shape);
  const middle = residualForward(x, linear(out, "attn.c_proj", width, width));
  const hidden = geluForward(linear(norm(middle, "ln_2"), "mlp.c_fc", width, 4 * width));
  return residualForward(middle, linear(hidden, "mlp.c_proj", 4 * width, width));
}

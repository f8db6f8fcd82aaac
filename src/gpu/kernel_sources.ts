/** Every kernel by name. Text imports, so that bundling and compiling need no special case. */
import adamw from "../../kernels/adamw.wgsl" with { type: "text" };
import attentionForward from "../../kernels/attention_forward.wgsl" with { type: "text" };
import attentionForwardDirect from "../../kernels/attention_forward_direct.wgsl" with { type: "text" };
import attentionKeyValueBackward from "../../kernels/attention_key_value_backward.wgsl" with { type: "text" };
import attentionKeyValueBackwardDirect from "../../kernels/attention_key_value_backward_direct.wgsl" with {
  type: "text",
};
import attentionQueryBackward from "../../kernels/attention_query_backward.wgsl" with { type: "text" };
import attentionQueryBackwardDirect from "../../kernels/attention_query_backward_direct.wgsl" with {
  type: "text",
};
import biasBackward from "../../kernels/bias_backward.wgsl" with { type: "text" };
import castParameters from "../../kernels/cast_parameters.wgsl" with { type: "text" };
import ceilingCopy from "../../kernels/ceiling_copy.wgsl" with { type: "text" };
import ceilingFma from "../../kernels/ceiling_fma.wgsl" with { type: "text" };
import crossEntropyBackward from "../../kernels/cross_entropy_backward.wgsl" with { type: "text" };
import crossEntropyForward from "../../kernels/cross_entropy_forward.wgsl" with { type: "text" };
import crossEntropyForwardGroup from "../../kernels/cross_entropy_forward_group.wgsl" with { type: "text" };
import embeddingBackward from "../../kernels/embedding_backward.wgsl" with { type: "text" };
import embeddingForward from "../../kernels/embedding_forward.wgsl" with { type: "text" };
import geluBackward from "../../kernels/gelu_backward.wgsl" with { type: "text" };
import geluForward from "../../kernels/gelu_forward.wgsl" with { type: "text" };
import lambMoments from "../../kernels/lamb_moments.wgsl" with { type: "text" };
import lambRatios from "../../kernels/lamb_ratios.wgsl" with { type: "text" };
import lambUpdate from "../../kernels/lamb_update.wgsl" with { type: "text" };
import layernormBackward from "../../kernels/layernorm_backward.wgsl" with { type: "text" };
import layernormForward from "../../kernels/layernorm_forward.wgsl" with { type: "text" };
import layernormParametersBackward from "../../kernels/layernorm_parameters_backward.wgsl" with {
  type: "text",
};
import matmulBroadcast from "../../kernels/matmul_broadcast.wgsl" with { type: "text" };
import matmulHalf from "../../kernels/matmul_half.wgsl" with { type: "text" };
import matmulDirect from "../../kernels/matmul_direct.wgsl" with { type: "text" };
import attention from "../../kernels/shared/attention.wgsl" with { type: "text" };
import attentionDirect from "../../kernels/shared/attention_direct.wgsl" with { type: "text" };
import attentionDoutFours from "../../kernels/shared/attention_dout_fours.wgsl" with { type: "text" };
import attentionDoutOnes from "../../kernels/shared/attention_dout_ones.wgsl" with { type: "text" };
import attentionFours from "../../kernels/shared/attention_fours.wgsl" with { type: "text" };
import attentionOnes from "../../kernels/shared/attention_ones.wgsl" with { type: "text" };
import attentionOutFours from "../../kernels/shared/attention_out_fours.wgsl" with { type: "text" };
import attentionOutOnes from "../../kernels/shared/attention_out_ones.wgsl" with { type: "text" };
import attentionTiled from "../../kernels/shared/attention_tiled.wgsl" with { type: "text" };
import crossEntropyRow from "../../kernels/shared/cross_entropy.wgsl" with { type: "text" };
import columnStripes from "../../kernels/shared/column_stripes.wgsl" with { type: "text" };
import rowLanes from "../../kernels/shared/row_lanes.wgsl" with { type: "text" };
import matmulTiled from "../../kernels/matmul_tiled.wgsl" with { type: "text" };
import matmulFours from "../../kernels/shared/matmul_fours.wgsl" with { type: "text" };
import matmulOnes from "../../kernels/shared/matmul_ones.wgsl" with { type: "text" };
import matmulTiles from "../../kernels/shared/matmul_tiles.wgsl" with { type: "text" };
import gelu from "../../kernels/shared/gelu.wgsl" with { type: "text" };
import matmulGelu from "../../kernels/shared/matmul_gelu.wgsl" with { type: "text" };
import matmulPlain from "../../kernels/shared/matmul_plain.wgsl" with { type: "text" };
import matmulProduct from "../../kernels/shared/matmul.wgsl" with { type: "text" };
import numericsGate from "../../kernels/numerics_gate.wgsl" with { type: "text" };
import positionEmbeddingBackward from "../../kernels/position_embedding_backward.wgsl" with { type: "text" };
import reduceF16Encode from "../../kernels/reduce_f16_encode.wgsl" with { type: "text" };
import reduceF16Sum from "../../kernels/reduce_f16_sum.wgsl" with { type: "text" };
import reduceF32Sum from "../../kernels/reduce_f32_sum.wgsl" with { type: "text" };
import reduceI4Sum from "../../kernels/reduce_i4_sum.wgsl" with { type: "text" };
import reduceTrimmedMean from "../../kernels/reduce_trimmed_mean.wgsl" with { type: "text" };
import reduceU8Encode from "../../kernels/reduce_u8_encode.wgsl" with { type: "text" };
import reduceU8Scale from "../../kernels/reduce_u8_scale.wgsl" with { type: "text" };
import reduceU8Sum from "../../kernels/reduce_u8_sum.wgsl" with { type: "text" };
import residualForward from "../../kernels/residual_forward.wgsl" with { type: "text" };
import residualLayernormForward from "../../kernels/residual_layernorm_forward.wgsl" with { type: "text" };
import residualRmsnormForward from "../../kernels/residual_rmsnorm_forward.wgsl" with { type: "text" };
import rmsnormBackward from "../../kernels/rmsnorm_backward.wgsl" with { type: "text" };
import rmsnormForward from "../../kernels/rmsnorm_forward.wgsl" with { type: "text" };
import rmsnormGainBackward from "../../kernels/rmsnorm_gain_backward.wgsl" with { type: "text" };
import rope from "../../kernels/rope.wgsl" with { type: "text" };
import squaredNorm from "../../kernels/squared_norm.wgsl" with { type: "text" };
import stepOutcome from "../../kernels/step_outcome.wgsl" with { type: "text" };
import stepStatistics from "../../kernels/step_statistics.wgsl" with { type: "text" };
import swigluBackward from "../../kernels/swiglu_backward.wgsl" with { type: "text" };
import swigluForward from "../../kernels/swiglu_forward.wgsl" with { type: "text" };

const tiledAttention = (...parts: readonly string[]) => [attention, attentionTiled, ...parts].join("\n");

export const KERNEL_SOURCES = {
  adamw: adamw,
  attention_forward: tiledAttention(attentionFours, attentionForward),
  attention_forward_odd: tiledAttention(attentionOnes, attentionForward),
  attention_forward_direct: `${attention}\n${attentionDirect}\n${attentionForwardDirect}`,
  attention_key_value_backward: tiledAttention(
    attentionFours,
    attentionDoutFours,
    attentionKeyValueBackward,
  ),
  attention_key_value_backward_odd: tiledAttention(
    attentionOnes,
    attentionDoutOnes,
    attentionKeyValueBackward,
  ),
  attention_key_value_backward_direct: `${attention}\n${attentionDirect}\n${attentionKeyValueBackwardDirect}`,
  attention_query_backward: tiledAttention(
    attentionFours,
    attentionDoutFours,
    attentionOutFours,
    attentionQueryBackward,
  ),
  attention_query_backward_odd: tiledAttention(
    attentionOnes,
    attentionDoutOnes,
    attentionOutOnes,
    attentionQueryBackward,
  ),
  attention_query_backward_direct: `${attention}\n${attentionDirect}\n${attentionQueryBackwardDirect}`,
  bias_backward: `${columnStripes}\n${biasBackward}`,
  cast_parameters: castParameters,
  ceiling_copy: ceilingCopy,
  ceiling_fma: ceilingFma,
  cross_entropy_backward: crossEntropyBackward,
  cross_entropy_forward: `${crossEntropyRow}\n${crossEntropyForward}`,
  cross_entropy_forward_group: `${crossEntropyRow}\n${crossEntropyForwardGroup}`,
  embedding_backward: embeddingBackward,
  embedding_forward: embeddingForward,
  gelu_backward: `${gelu}\n${geluBackward}`,
  gelu_forward: `${gelu}\n${geluForward}`,
  lamb_moments: lambMoments,
  lamb_ratios: lambRatios,
  lamb_update: lambUpdate,
  layernorm_backward: `${rowLanes}\n${layernormBackward}`,
  layernorm_forward: `${rowLanes}\n${layernormForward}`,
  layernorm_parameters_backward: `${columnStripes}\n${layernormParametersBackward}`,
  matmul_broadcast: [matmulProduct, matmulPlain, matmulFours, matmulBroadcast].join("\n"),
  matmul_broadcast_odd: [matmulProduct, matmulPlain, matmulOnes, matmulBroadcast].join("\n"),
  matmul_broadcast_gelu: [matmulProduct, gelu, matmulGelu, matmulFours, matmulBroadcast].join("\n"),
  matmul_direct: [matmulProduct, matmulPlain, matmulDirect].join("\n"),
  matmul_half: [matmulProduct, matmulPlain, matmulFours, matmulTiles, matmulHalf].join("\n"),
  matmul_half_odd: [matmulProduct, matmulPlain, matmulOnes, matmulTiles, matmulHalf].join("\n"),
  matmul_tiled: [matmulProduct, matmulPlain, matmulFours, matmulTiles, matmulTiled].join("\n"),
  matmul_tiled_odd: [matmulProduct, matmulPlain, matmulOnes, matmulTiles, matmulTiled].join("\n"),
  numerics_gate: numericsGate,
  position_embedding_backward: positionEmbeddingBackward,
  reduce_f16_encode: reduceF16Encode,
  reduce_f16_sum: reduceF16Sum,
  reduce_f32_sum: reduceF32Sum,
  reduce_i4_sum: reduceI4Sum,
  reduce_trimmed_mean: reduceTrimmedMean,
  reduce_u8_encode: reduceU8Encode,
  reduce_u8_scale: reduceU8Scale,
  reduce_u8_sum: reduceU8Sum,
  residual_forward: residualForward,
  residual_layernorm_forward: `${rowLanes}\n${residualLayernormForward}`,
  residual_rmsnorm_forward: `${rowLanes}\n${residualRmsnormForward}`,
  rmsnorm_backward: `${rowLanes}\n${rmsnormBackward}`,
  rmsnorm_forward: `${rowLanes}\n${rmsnormForward}`,
  rmsnorm_gain_backward: `${columnStripes}\n${rmsnormGainBackward}`,
  rope: rope,
  squared_norm: squaredNorm,
  step_outcome: stepOutcome,
  step_statistics: stepStatistics,
  swiglu_backward: swigluBackward,
  swiglu_forward: swigluForward,
} as const;

export type KernelName = keyof typeof KERNEL_SOURCES;

// Attention's result, as attention_fours.wgsl reads tensors.
@group(0) @binding(3) var<storage, read> out: array<scalar4>;

fn fourOuts(at: u32) -> vec4f {
  return vec4f(out[at / 4u]);
}

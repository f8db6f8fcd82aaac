// Attention's result, as attention_ones.wgsl reads tensors.
@group(0) @binding(3) var<storage, read> out: array<scalar>;

fn fourOuts(at: u32) -> vec4f {
  return vec4f(f32(out[at]), f32(out[at + 1u]), f32(out[at + 2u]), f32(out[at + 3u]));
}

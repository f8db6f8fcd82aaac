// The gradient of attention's result, as attention_ones.wgsl reads tensors.
@group(0) @binding(5) var<storage, read> dout: array<scalar>;

fn fourDouts(at: u32) -> vec4f {
  return vec4f(f32(dout[at]), f32(dout[at + 1u]), f32(dout[at + 2u]), f32(dout[at + 3u]));
}

override DOUT_STRIDE: u32;
override DOUT_OFFSET: u32;

// First element of the head in row 0 of this sequence.
var<private> atDout: u32;

// As queryAt.
fn doutAt(row: u32, column: u32) -> vec4f {
  return visible(fourDouts(atDout + row * DOUT_STRIDE + column), row, column);
}

fn doutRows(row: u32, column: u32) -> mat4x4f {
  return mat4x4f(
    doutAt(row, column),
    doutAt(row + 8u, column),
    doutAt(row + 16u, column),
    doutAt(row + 24u, column),
  );
}

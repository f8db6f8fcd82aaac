// Declarations before every matrix product y = a·b (+ bias) (+ y).
//   a [rows, inner], stored [inner, rows] when A_TRANSPOSED is 1
//   b [inner, columns], stored [columns, inner] when B_TRANSPOSED is 1
//   bias [columns], read when HAS_BIAS is 1 · y [rows, columns], added to when ACCUMULATE is 1, else overwritten
// What becomes of a finished element is in kernels/shared/matmul_plain.wgsl, or matmul_gelu.wgsl.
// Each matrix may be a part of a larger one: its first element is at Offset, its next stored row Stride elements further.
// The shape is data, not constants: one pipeline serves every shape of a form, and compiles once.
struct Product {
  rows: u32,
  columns: u32,
  inner: u32,
  aOffset: u32,
  bOffset: u32,
  yOffset: u32,
  aStride: u32,
  bStride: u32,
  yStride: u32,
}

override A_TRANSPOSED: u32 = 0;
override B_TRANSPOSED: u32 = 0;
override HAS_BIAS: u32 = 0;
override ACCUMULATE: u32 = 0;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<uniform> product: Product;
@group(0) @binding(3) var<storage, read_write> y: array<output>;
@group(0) @binding(4) var<storage, read> bias: array<scalar>;

/// What the sums of four neighbouring columns start from.
fn startAt(column: u32) -> vec4f {
  if (HAS_BIAS == 0u) {
    return vec4f(0.0);
  }
  let at = min(column + vec4u(0u, 1u, 2u, 3u), vec4u(product.columns - 1u));
  return vec4f(f32(bias[at.x]), f32(bias[at.y]), f32(bias[at.z]), f32(bias[at.w]));
}

fn storeOne(row: u32, column: u32, sum: f32) {
  if (row >= product.rows || column >= product.columns) {
    return;
  }
  let at = product.yOffset + row * product.yStride + column;
  var value = sum;
  if (ACCUMULATE == 1u) {
    value += f32(y[at]);
  }
  finish(at, value);
}

/// Four neighbouring columns of a row, as far as they exist.
fn store(row: u32, column: u32, sums: vec4f) {
  storeOne(row, column, sums.x);
  storeOne(row, column + 1u, sums.y);
  storeOne(row, column + 2u, sums.z);
  storeOne(row, column + 3u, sums.w);
}

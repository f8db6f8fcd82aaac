// Matrix product y = a·bᵀ (+ bias) (+ y).
//   a [ROWS, INNER] · b [COLUMNS, INNER] · bias [COLUMNS], read when HAS_BIAS is 1 · y [ROWS, COLUMNS]
// The backward pass to a linear layer's input (dx = dy·Wᵀ), the tied output projection (logits = h·wteᵀ), and the forward
// pass of a linear layer whose weight is [out, in].
// Each matrix may be a part of a larger one: its first element is at OFFSET, its next row STRIDE elements further.
// Direct form: one invocation computes 8 rows × 4 neighbouring columns from operands read straight from storage, without
// barriers. All lanes of a workgroup share their rows, so a is read once a workgroup: on llvmpipe this reaches 8–11 GFLOP/s
// where a 64×64 workgroup-memory tile reaches 2–5. Grid ⌈COLUMNS / 4 / WORKGROUP⌉ × ⌈ROWS / 8⌉.
// ACCUMULATE 1 adds to y, 0 overwrites it.
override ROWS: u32;
override COLUMNS: u32;
override INNER: u32;
override A_STRIDE: u32;
override B_STRIDE: u32;
override Y_STRIDE: u32;
override A_OFFSET: u32 = 0;
override B_OFFSET: u32 = 0;
override Y_OFFSET: u32 = 0;
override HAS_BIAS: u32 = 0;
override ACCUMULATE: u32 = 0;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> a: array<scalar>;
@group(0) @binding(1) var<storage, read> b: array<scalar>;
@group(0) @binding(2) var<storage, read_write> y: array<scalar>;
@group(0) @binding(3) var<storage, read> bias: array<scalar>;

fn store(row: u32, column: u32, sum: vec4f) {
  if (row >= ROWS) {
    return;
  }
  let at = Y_OFFSET + row * Y_STRIDE + column;
  for (var i = 0u; i < min(4u, COLUMNS - column); i++) {
    var value = sum[i];
    if (ACCUMULATE == 1u) {
      value += f32(y[at + i]);
    }
    y[at + i] = scalar(value);
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = group.y * 8u;
  let column = (group.x * WORKGROUP + local) * 4u;
  if (column >= COLUMNS) {
    return;
  }
  // Clamped, not masked: lanes past the edge read something valid and store nothing.
  let last = COLUMNS - 1u;
  let columns = min(vec4u(column, column + 1u, column + 2u, column + 3u), vec4u(last));
  let r0 = A_OFFSET + min(row + 0u, ROWS - 1u) * A_STRIDE;
  let r1 = A_OFFSET + min(row + 1u, ROWS - 1u) * A_STRIDE;
  let r2 = A_OFFSET + min(row + 2u, ROWS - 1u) * A_STRIDE;
  let r3 = A_OFFSET + min(row + 3u, ROWS - 1u) * A_STRIDE;
  let r4 = A_OFFSET + min(row + 4u, ROWS - 1u) * A_STRIDE;
  let r5 = A_OFFSET + min(row + 5u, ROWS - 1u) * A_STRIDE;
  let r6 = A_OFFSET + min(row + 6u, ROWS - 1u) * A_STRIDE;
  let r7 = A_OFFSET + min(row + 7u, ROWS - 1u) * A_STRIDE;
  let at = B_OFFSET + columns * B_STRIDE;
  var start = vec4f(0.0);
  if (HAS_BIAS == 1u) {
    start = vec4f(f32(bias[columns.x]), f32(bias[columns.y]), f32(bias[columns.z]), f32(bias[columns.w]));
  }
  var s0 = start;
  var s1 = start;
  var s2 = start;
  var s3 = start;
  var s4 = start;
  var s5 = start;
  var s6 = start;
  var s7 = start;
  for (var k = 0u; k < INNER; k++) {
    let x = vec4f(f32(b[at.x + k]), f32(b[at.y + k]), f32(b[at.z + k]), f32(b[at.w + k]));
    s0 = fma(vec4f(f32(a[r0 + k])), x, s0);
    s1 = fma(vec4f(f32(a[r1 + k])), x, s1);
    s2 = fma(vec4f(f32(a[r2 + k])), x, s2);
    s3 = fma(vec4f(f32(a[r3 + k])), x, s3);
    s4 = fma(vec4f(f32(a[r4 + k])), x, s4);
    s5 = fma(vec4f(f32(a[r5 + k])), x, s5);
    s6 = fma(vec4f(f32(a[r6 + k])), x, s6);
    s7 = fma(vec4f(f32(a[r7 + k])), x, s7);
  }
  store(row + 0u, column, s0);
  store(row + 1u, column, s1);
  store(row + 2u, column, s2);
  store(row + 3u, column, s3);
  store(row + 4u, column, s4);
  store(row + 5u, column, s5);
  store(row + 6u, column, s6);
  store(row + 7u, column, s7);
}

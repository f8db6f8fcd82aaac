// Matrix product, direct form: any shape, any stride, no optional feature.
//   product, y and bias: kernels/shared/matmul.wgsl · a, b
// One invocation computes 8 rows × 4 neighbouring columns from operands read straight from storage, without barriers.
// Grid ⌈columns / 4 / WORKGROUP⌉ × ⌈rows / 8⌉.
@group(0) @binding(1) var<storage, read> a: array<scalar>;
@group(0) @binding(2) var<storage, read> b: array<scalar>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = group.y * 8u;
  let column = (group.x * WORKGROUP + local) * 4u;
  if (column >= product.columns) {
    return;
  }
  // From one element to the next along each operand's own axis and along k.
  let aStep = select(vec2u(product.aStride, 1u), vec2u(1u, product.aStride), A_TRANSPOSED == 1u);
  let bStep = select(vec2u(1u, product.bStride), vec2u(product.bStride, 1u), B_TRANSPOSED == 1u);
  // Clamped, not masked: what lies past an edge is read as something valid and not stored.
  let lastRow = product.rows - 1u;
  let columns = min(column + vec4u(0u, 1u, 2u, 3u), vec4u(product.columns - 1u));
  let at = product.bOffset + columns * bStep.x;
  let r0 = product.aOffset + min(row + 0u, lastRow) * aStep.x;
  let r1 = product.aOffset + min(row + 1u, lastRow) * aStep.x;
  let r2 = product.aOffset + min(row + 2u, lastRow) * aStep.x;
  let r3 = product.aOffset + min(row + 3u, lastRow) * aStep.x;
  let r4 = product.aOffset + min(row + 4u, lastRow) * aStep.x;
  let r5 = product.aOffset + min(row + 5u, lastRow) * aStep.x;
  let r6 = product.aOffset + min(row + 6u, lastRow) * aStep.x;
  let r7 = product.aOffset + min(row + 7u, lastRow) * aStep.x;
  let start = startAt(column);
  var s0 = start;
  var s1 = start;
  var s2 = start;
  var s3 = start;
  var s4 = start;
  var s5 = start;
  var s6 = start;
  var s7 = start;
  for (var k = 0u; k < product.inner; k++) {
    let next = at + k * bStep.y;
    let x = vec4f(f32(b[next.x]), f32(b[next.y]), f32(b[next.z]), f32(b[next.w]));
    let ak = k * aStep.y;
    s0 = fma(vec4f(f32(a[r0 + ak])), x, s0);
    s1 = fma(vec4f(f32(a[r1 + ak])), x, s1);
    s2 = fma(vec4f(f32(a[r2 + ak])), x, s2);
    s3 = fma(vec4f(f32(a[r3 + ak])), x, s3);
    s4 = fma(vec4f(f32(a[r4 + ak])), x, s4);
    s5 = fma(vec4f(f32(a[r5 + ak])), x, s5);
    s6 = fma(vec4f(f32(a[r6 + ak])), x, s6);
    s7 = fma(vec4f(f32(a[r7 + ak])), x, s7);
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

// Matrix product, broadcast form: for adapters on which every load costs instructions for each lane, as on a CPU.
//   product, y and bias: kernels/shared/matmul.wgsl
//   a, b: kernels/shared/matmul_fours.wgsl where their strides, offsets and lengths are multiples of 4, else matmul_ones.wgsl
// An invocation computes 32 rows × 4 neighbouring columns. All lanes of a subgroup need the same elements of a: each of 8
// lanes loads its own part of the 32 × 4 block, and broadcasts hand it round. A step of 4 along the inner dimension then takes
// 4 loads of a and 4 of b for 512 multiply-adds. On llvmpipe, where a load is a loop over 8 lanes with a test of
// bounds in each, this is four times as fast as loading a where it is needed, although the sums do not fit in registers.
// Requires subgroups of 8 or a multiple. Grid ⌈columns / 4 / WORKGROUP⌉ × ⌈rows / 32⌉.
enable subgroups;

/// Zero where k is past the end, whatever lies there in memory.
fn masked(value: vec4f, k: u32) -> vec4f {
  return select(vec4f(0.0), value, k + vec4u(0u, 1u, 2u, 3u) < vec4u(product.inner));
}

/// This lane's part of a[row..row + 7, k..k + 3]: row `lane` of it; or when a is stored transposed, column `lane % 4` of its
/// upper or lower half.
fn partOfA(row: u32, k: u32, lane: u32) -> vec4f {
  if (A_TRANSPOSED == 0u) {
    return masked(fourOfA(product.aOffset + min(row + lane, product.rows - 1u) * product.aStride + k), k);
  }
  let column = k + lane % 4u;
  let first = min(row + lane / 4u * 4u, (product.rows - 1u) / 4u * 4u);
  let value = fourOfA(product.aOffset + min(column, product.inner - 1u) * product.aStride + first);
  return select(vec4f(0.0), value, column < product.inner);
}

/// Four rows, a row in each column of the matrix, from the parts of four lanes.
fn rowsOf(parts: mat4x4f) -> mat4x4f {
  if (A_TRANSPOSED == 0u) {
    return parts;
  }
  return transpose(parts);
}

/// Rows 0 to 3 of the 8 whose parts the lanes hold.
fn upperRows(part: vec4f) -> mat4x4f {
  return rowsOf(mat4x4f(
    subgroupBroadcast(part, 0u),
    subgroupBroadcast(part, 1u),
    subgroupBroadcast(part, 2u),
    subgroupBroadcast(part, 3u),
  ));
}

/// Rows 4 to 7 of them.
fn lowerRows(part: vec4f) -> mat4x4f {
  return rowsOf(mat4x4f(
    subgroupBroadcast(part, 4u),
    subgroupBroadcast(part, 5u),
    subgroupBroadcast(part, 6u),
    subgroupBroadcast(part, 7u),
  ));
}

/// b[k, column..column + 3]; b[k..k + 3, column] when it is stored transposed.
fn partOfB(k: u32, column: u32) -> vec4f {
  if (B_TRANSPOSED == 1u) {
    return masked(fourOfB(product.bOffset + min(column, product.columns - 1u) * product.bStride + k), k);
  }
  // Past the end of k anything finite will do: a is zero there.
  let first = min(column, (product.columns - 1u) / 4u * 4u);
  return fourOfB(product.bOffset + min(k, product.inner - 1u) * product.bStride + first);
}

/// b[k..k + 3, column..column + 3], a row in each column of the matrix.
fn blockOfB(k: u32, column: u32) -> mat4x4f {
  if (B_TRANSPOSED == 0u) {
    return mat4x4f(partOfB(k, column), partOfB(k + 1u, column), partOfB(k + 2u, column), partOfB(k + 3u, column));
  }
  return transpose(
    mat4x4f(partOfB(k, column), partOfB(k, column + 1u), partOfB(k, column + 2u), partOfB(k, column + 3u))
  );
}

fn storeFour(row: u32, column: u32, sums: mat4x4f) {
  store(row, column, sums[0]);
  store(row + 1u, column, sums[1]);
  store(row + 2u, column, sums[2]);
  store(row + 3u, column, sums[3]);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) invocation: u32,
) {
  let row = group.y * 32u;
  let column = (group.x * WORKGROUP + local) * 4u;
  let lane = invocation % 8u;
  let start = startAt(column);
  // si: rows 4·i to 4·i + 3, a row in each column of the matrix.
  var s0 = mat4x4f(start, start, start, start);
  var s1 = s0;
  var s2 = s0;
  var s3 = s0;
  var s4 = s0;
  var s5 = s0;
  var s6 = s0;
  var s7 = s0;
  for (var k = 0u; k < product.inner; k += 4u) {
    let x = blockOfB(k, column);
    let a0 = partOfA(row, k, lane);
    let a1 = partOfA(row + 8u, k, lane);
    let a2 = partOfA(row + 16u, k, lane);
    let a3 = partOfA(row + 24u, k, lane);
    s0 += x * upperRows(a0);
    s1 += x * lowerRows(a0);
    s2 += x * upperRows(a1);
    s3 += x * lowerRows(a1);
    s4 += x * upperRows(a2);
    s5 += x * lowerRows(a2);
    s6 += x * upperRows(a3);
    s7 += x * lowerRows(a3);
  }
  storeFour(row, column, s0);
  storeFour(row + 4u, column, s1);
  storeFour(row + 8u, column, s2);
  storeFour(row + 12u, column, s3);
  storeFour(row + 16u, column, s4);
  storeFour(row + 20u, column, s5);
  storeFour(row + 24u, column, s6);
  storeFour(row + 28u, column, s7);
}

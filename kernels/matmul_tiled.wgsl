// Matrix product, tiled form: for GPUs, whose workgroup memory is fast and whose global memory is far away.
//   product, y and bias: kernels/shared/matmul.wgsl
//   a, b: kernels/shared/matmul_fours.wgsl where their strides, offsets and lengths are multiples of 4, else matmul_ones.wgsl
// A workgroup of SIDE × SIDE invocations computes 8·SIDE × 8·SIDE of y. Each invocation keeps 8 × 8 sums in registers, in four
// quarters that lie 4·SIDE apart, so that neighbours read and write neighbouring vectors: 64 multiply-adds for 4 vectors
// read from workgroup memory. Along the inner dimension it goes in steps of 16; while one step is summed, each invocation
// already holds its blocks of the next in registers, so that the latency of global memory hides behind arithmetic. Both
// tiles lie as [k][row or column]; 4 × 4 blocks are transposed in registers on the way where the matrix lies otherwise. This is the
// scheme of SGEMM on CUDA (Volkov & Demmel 2008). Workgroup memory 1 KiB · SIDE: 16 KiB for SIDE 16, WebGPU's default limit.
// WORKGROUP is SIDE², SIDE 8 or 16. Grid ⌈columns / (8·SIDE)⌉ × ⌈rows / (8·SIDE)⌉.
override SIDE: u32 = 16;

const STEP = 16u;

/// [STEP][2·SIDE] vectors of four rows of a, of four columns of b
var<workgroup> tileA: array<vec4f, 32 * SIDE>;
var<workgroup> tileB: array<vec4f, 32 * SIDE>;

/// Zero where k is past the end, whatever lies there in memory.
fn masked(value: vec4f, k: u32) -> vec4f {
  return select(vec4f(0.0), value, k + vec4u(0u, 1u, 2u, 3u) < vec4u(product.inner));
}

/// a[row, k..k + 3], or when it is stored transposed a[row..row + 3, k]
fn partOfA(row: u32, k: u32) -> vec4f {
  if (A_TRANSPOSED == 0u) {
    return masked(fourOfA(product.aOffset + min(row, product.rows - 1u) * product.aStride + k), k);
  }
  let first = min(row, (product.rows - 1u) / 4u * 4u);
  let value = fourOfA(product.aOffset + min(k, product.inner - 1u) * product.aStride + first);
  return select(vec4f(0.0), value, k < product.inner);
}

/// b[k, column..column + 3], or when it is stored transposed b[k..k + 3, column]
fn partOfB(k: u32, column: u32) -> vec4f {
  if (B_TRANSPOSED == 1u) {
    return masked(fourOfB(product.bOffset + min(column, product.columns - 1u) * product.bStride + k), k);
  }
  // Past the end of k anything finite will do: a is zero there.
  let first = min(column, (product.columns - 1u) / 4u * 4u);
  return fourOfB(product.bOffset + min(k, product.inner - 1u) * product.bStride + first);
}

/// a[row..row + 3, k..k + 3], four rows at one k in each column of the matrix
fn blockOfA(row: u32, k: u32) -> mat4x4f {
  if (A_TRANSPOSED == 1u) {
    return mat4x4f(partOfA(row, k), partOfA(row, k + 1u), partOfA(row, k + 2u), partOfA(row, k + 3u));
  }
  return transpose(mat4x4f(partOfA(row, k), partOfA(row + 1u, k), partOfA(row + 2u, k), partOfA(row + 3u, k)));
}

/// b[k..k + 3, column..column + 3], four columns at one k in each column of the matrix
fn blockOfB(k: u32, column: u32) -> mat4x4f {
  if (B_TRANSPOSED == 0u) {
    return mat4x4f(partOfB(k, column), partOfB(k + 1u, column), partOfB(k + 2u, column), partOfB(k + 3u, column));
  }
  return transpose(
    mat4x4f(partOfB(k, column), partOfB(k, column + 1u), partOfB(k, column + 2u), partOfB(k, column + 3u))
  );
}

/// Where block `index` of a tile lies, in blocks along k and along the other side: eight neighbours take 128 bytes of a matrix
/// that lies along that side, four groups of eight 64 bytes of each row of one that lies along k; neither collides in a bank.
fn blockAt(index: u32) -> vec2u {
  return vec2u(index / 8u % 4u, index / 32u * 8u + index % 8u);
}

/// Blocks 0 to 8·SIDE - 1 are a's, the rest b's.
fn load(index: u32, row: u32, column: u32, k: u32) -> mat4x4f {
  if (index < 8u * SIDE) {
    let at = blockAt(index) * 4u;
    return blockOfA(row + at.y, k + at.x);
  }
  let at = blockAt(index - 8u * SIDE) * 4u;
  return blockOfB(k + at.x, column + at.y);
}

fn keep(index: u32, block: mat4x4f) {
  if (index < 8u * SIDE) {
    let at = blockAt(index);
    let first = at.x * 8u * SIDE + at.y;
    tileA[first] = block[0];
    tileA[first + 2u * SIDE] = block[1];
    tileA[first + 4u * SIDE] = block[2];
    tileA[first + 6u * SIDE] = block[3];
    return;
  }
  let at = blockAt(index - 8u * SIDE);
  let first = at.x * 8u * SIDE + at.y;
  tileB[first] = block[0];
  tileB[first + 2u * SIDE] = block[1];
  tileB[first + 4u * SIDE] = block[2];
  tileB[first + 6u * SIDE] = block[3];
}

/// sums + rows ⊗ columns, a row in each column of the matrix
fn addOuter(sums: mat4x4f, rows: vec4f, columns: vec4f) -> mat4x4f {
  return mat4x4f(
    fma(vec4f(rows.x), columns, sums[0]),
    fma(vec4f(rows.y), columns, sums[1]),
    fma(vec4f(rows.z), columns, sums[2]),
    fma(vec4f(rows.w), columns, sums[3]),
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
) {
  let row = group.y * 8u * SIDE;
  let column = group.x * 8u * SIDE;
  let x = local % SIDE;
  let y4 = local / SIDE;
  let left = startAt(column + 4u * x);
  let right = startAt(column + 4u * (SIDE + x));
  var upperLeft = mat4x4f(left, left, left, left);
  var upperRight = mat4x4f(right, right, right, right);
  var lowerLeft = upperLeft;
  var lowerRight = upperRight;
  // 16·SIDE blocks for SIDE² invocations: one each when SIDE is 16, two when it is 8.
  let second = local + SIDE * SIDE;
  var block = load(local, row, column, 0u);
  var another = mat4x4f();
  if (SIDE == 8u) {
    another = load(second, row, column, 0u);
  }
  for (var k = 0u; k < product.inner; k += STEP) {
    keep(local, block);
    if (SIDE == 8u) {
      keep(second, another);
    }
    workgroupBarrier();
    if (k + STEP < product.inner) {
      block = load(local, row, column, k + STEP);
      if (SIDE == 8u) {
        another = load(second, row, column, k + STEP);
      }
    }
    for (var i = 0u; i < STEP; i++) {
      let at = i * 2u * SIDE;
      let upper = tileA[at + y4];
      let lower = tileA[at + SIDE + y4];
      let leftColumns = tileB[at + x];
      let rightColumns = tileB[at + SIDE + x];
      upperLeft = addOuter(upperLeft, upper, leftColumns);
      upperRight = addOuter(upperRight, upper, rightColumns);
      lowerLeft = addOuter(lowerLeft, lower, leftColumns);
      lowerRight = addOuter(lowerRight, lower, rightColumns);
    }
    workgroupBarrier();
  }
  storeFour(row + 4u * y4, column + 4u * x, upperLeft);
  storeFour(row + 4u * y4, column + 4u * (SIDE + x), upperRight);
  storeFour(row + 4u * (SIDE + y4), column + 4u * x, lowerLeft);
  storeFour(row + 4u * (SIDE + y4), column + 4u * (SIDE + x), lowerRight);
}

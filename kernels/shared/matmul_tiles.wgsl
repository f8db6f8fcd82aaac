// What the tiled matrix products share: how a workgroup brings tiles of a and b into its memory.
// SLICES groups of SIDE × SIDE invocations each have tiles of their own, [STEP][8·SIDE] of a and of b, as `part4`. Both lie as
// [k][row or column]; 4 × 4 blocks are transposed in registers on the way where the matrix lies otherwise.
override SIDE: u32 = 16;
override SLICES: u32 = 1;
// 1: the inner dimension is a multiple of STEP · SLICES, so that nothing past its end is ever asked for.
override IS_WHOLE: u32 = 0;

const STEP = 16u;

/// [SLICES][STEP][2·SIDE] vectors of four rows of a, of four columns of b
var<workgroup> tileA: array<part4, 32 * SIDE * SLICES>;
var<workgroup> tileB: array<part4, 32 * SIDE * SLICES>;

/// Zero where k is past the end, whatever lies there in memory.
fn masked(value: vec4f, k: u32) -> vec4f {
  if (IS_WHOLE == 1u) {
    return value;
  }
  return select(vec4f(0.0), value, k + vec4u(0u, 1u, 2u, 3u) < vec4u(product.inner));
}

/// A row or column of the inner dimension that is there.
fn existing(k: u32) -> u32 {
  if (IS_WHOLE == 1u) {
    return k;
  }
  return min(k, product.inner - 1u);
}

/// a[row, k..k + 3], or when it is stored transposed a[row..row + 3, k]
fn partOfA(row: u32, k: u32) -> vec4f {
  if (A_TRANSPOSED == 0u) {
    return masked(fourOfA(product.aOffset + min(row, product.rows - 1u) * product.aStride + k), k);
  }
  let first = min(row, (product.rows - 1u) / 4u * 4u);
  let value = fourOfA(product.aOffset + existing(k) * product.aStride + first);
  if (IS_WHOLE == 1u) {
    return value;
  }
  return select(vec4f(0.0), value, k < product.inner);
}

/// b[k, column..column + 3], or when it is stored transposed b[k..k + 3, column]
fn partOfB(k: u32, column: u32) -> vec4f {
  if (B_TRANSPOSED == 1u) {
    return masked(fourOfB(product.bOffset + min(column, product.columns - 1u) * product.bStride + k), k);
  }
  // Past the end of k anything finite will do: a is zero there.
  let first = min(column, (product.columns - 1u) / 4u * 4u);
  return fourOfB(product.bOffset + existing(k) * product.bStride + first);
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

/// Into the slice's tiles.
fn keep(slice: u32, index: u32, block: mat4x4f) {
  let start = slice * 32u * SIDE;
  if (index < 8u * SIDE) {
    let at = blockAt(index);
    let first = start + at.x * 8u * SIDE + at.y;
    tileA[first] = part4(block[0]);
    tileA[first + 2u * SIDE] = part4(block[1]);
    tileA[first + 4u * SIDE] = part4(block[2]);
    tileA[first + 6u * SIDE] = part4(block[3]);
    return;
  }
  let at = blockAt(index - 8u * SIDE);
  let first = start + at.x * 8u * SIDE + at.y;
  tileB[first] = part4(block[0]);
  tileB[first + 2u * SIDE] = part4(block[1]);
  tileB[first + 4u * SIDE] = part4(block[2]);
  tileB[first + 6u * SIDE] = part4(block[3]);
}

/// sums + rows ⊗ columns, a row in each column of the matrix
fn addOuter(sums: part4x4, rows: part4, columns: part4) -> part4x4 {
  return part4x4(
    fma(part4(rows.x), columns, sums[0]),
    fma(part4(rows.y), columns, sums[1]),
    fma(part4(rows.z), columns, sums[2]),
    fma(part4(rows.w), columns, sums[3]),
  );
}

/// An invocation's 8 × 8 sums, in four quarters that lie 4·SIDE apart.
struct Sums {
  upperLeft: part4x4,
  upperRight: part4x4,
  lowerLeft: part4x4,
  lowerRight: part4x4,
}

/// `sums` and the products of one k, whose rows and columns begin at vector `at` of the tiles.
fn addStep(sums: Sums, at: u32, x: u32, y4: u32) -> Sums {
  let upper = tileA[at + y4];
  let lower = tileA[at + SIDE + y4];
  let left = tileB[at + x];
  let right = tileB[at + SIDE + x];
  return Sums(
    addOuter(sums.upperLeft, upper, left),
    addOuter(sums.upperRight, upper, right),
    addOuter(sums.lowerLeft, lower, left),
    addOuter(sums.lowerRight, lower, right),
  );
}

/// The same for the four k from `at` on. By hand: a compiler that puts a bound of its own on every loop (Naga) keeps drivers
/// from unrolling them.
fn addFour(sums: Sums, at: u32, x: u32, y4: u32) -> Sums {
  let one = addStep(sums, at, x, y4);
  let two = addStep(one, at + 2u * SIDE, x, y4);
  let three = addStep(two, at + 4u * SIDE, x, y4);
  return addStep(three, at + 6u * SIDE, x, y4);
}

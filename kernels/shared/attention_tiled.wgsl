// Tiles of the attention kernels for GPUs: 32 rows of a streamed and of an own tensor, 32 columns of the head at a time, staged in
// workgroup memory; of their 32 × 32 products an invocation has 4 × 4, those of its rows y, y + 8, … with the streamed x, x + 8, …
// Everything an invocation sums is a matrix in registers and every short loop over it is written out: a compiler that puts a
// bound of its own on each loop (Naga) keeps drivers from unrolling it, and an array that a loop indexes goes to memory.
// How tensors are read: attention_fours.wgsl where head size, strides and offsets are multiples of 4, else attention_ones.wgsl.

// Rows of a tile, and columns of a head that are staged together.
const TILE = 32u;

// The own rows' tile, `left`, is each kernel's: one may keep several.
var<workgroup> right: array<vec4f, TILE * 8u>;
var<workgroup> weights: array<vec4f, TILE * 8u>;

// First elements of the head in row 0 of this sequence.
var<private> atQuery: u32;
var<private> atKey: u32;
var<private> atValue: u32;

// Where a tile has a vector of a row: turned by the row, so that neither a row's vectors nor the same vector of eight
// neighbouring rows meet in a bank of the memory.
fn place(row: u32, vector: u32) -> u32 {
  return row * 8u + (vector ^ (row & 7u));
}

// Four elements of a row; zeros beyond the head and the context.
fn visible(x: vec4f, row: u32, column: u32) -> vec4f {
  if (HEAD_SIZE % TILE == 0u) {
    return select(vec4f(0.0), x, row < CONTEXT);
  }
  let columns = vec4u(column, column + 1u, column + 2u, column + 3u);
  return select(vec4f(0.0), x, (columns < vec4u(HEAD_SIZE)) & vec4<bool>(row < CONTEXT));
}

fn queryAt(row: u32, column: u32) -> vec4f {
  return visible(fourQueries(atQuery + row * QUERY_STRIDE + column), row, column);
}

fn keyAt(row: u32, column: u32) -> vec4f {
  return visible(fourKeys(atKey + row * KEY_STRIDE + column), row, column);
}

fn valueAt(row: u32, column: u32) -> vec4f {
  return visible(fourValues(atValue + row * VALUE_STRIDE + column), row, column);
}

// What an invocation stages of a tile: the rows row, row + 8, …, all loaded before any is stored.
fn queryRows(row: u32, column: u32) -> mat4x4f {
  return mat4x4f(
    queryAt(row, column),
    queryAt(row + 8u, column),
    queryAt(row + 16u, column),
    queryAt(row + 24u, column),
  );
}

fn keyRows(row: u32, column: u32) -> mat4x4f {
  return mat4x4f(keyAt(row, column), keyAt(row + 8u, column), keyAt(row + 16u, column), keyAt(row + 24u, column));
}

fn valueRows(row: u32, column: u32) -> mat4x4f {
  return mat4x4f(
    valueAt(row, column),
    valueAt(row + 8u, column),
    valueAt(row + 16u, column),
    valueAt(row + 24u, column),
  );
}

fn keepLeft(at: u32, rows: mat4x4f) {
  left[at] = rows[0];
  left[at + 64u] = rows[1];
  left[at + 128u] = rows[2];
  left[at + 192u] = rows[3];
}

fn keepRight(at: u32, rows: mat4x4f) {
  right[at] = rows[0];
  right[at + 64u] = rows[1];
  right[at + 128u] = rows[2];
  right[at + 192u] = rows[3];
}

// 32 columns of the head into both tiles.
fn stage(own: mat4x4f, streamed: mat4x4f, at: u32) {
  workgroupBarrier();
  keepLeft(at, own);
  keepRight(at, streamed);
  workgroupBarrier();
}

fn stageRight(streamed: mat4x4f, at: u32) {
  workgroupBarrier();
  keepRight(at, streamed);
  workgroupBarrier();
}

fn multiplyAdd(a: vec4f, b: vec4f, sum: f32) -> f32 {
  return fma(a.x, b.x, fma(a.y, b.y, fma(a.z, b.z, fma(a.w, b.w, sum))));
}

// Products of one own row with this invocation's four of `right`, b, added to s.
fn addRow(s: vec4f, a: vec4f, b: mat4x4f) -> vec4f {
  return vec4f(
    multiplyAdd(a, b[0], s.x),
    multiplyAdd(a, b[1], s.y),
    multiplyAdd(a, b[2], s.z),
    multiplyAdd(a, b[3], s.w),
  );
}

fn addProductsOf(s: mat4x4f, first: u32, d: u32, x: u32, y: u32) -> mat4x4f {
  let atRight = place(x, d);
  let atLeft = first + place(y, d);
  let b = mat4x4f(right[atRight], right[atRight + 64u], right[atRight + 128u], right[atRight + 192u]);
  return mat4x4f(
    addRow(s[0], left[atLeft], b),
    addRow(s[1], left[atLeft + 64u], b),
    addRow(s[2], left[atLeft + 128u], b),
    addRow(s[3], left[atLeft + 192u], b),
  );
}

// Products of this invocation's 4 rows of `left` with its 4 of `right`, over the 32 staged columns, added to s: an own row in
// each column of the matrix. `first` is where the columns begin in `left`.
fn addProducts(s: mat4x4f, first: u32, x: u32, y: u32) -> mat4x4f {
  let one = addProductsOf(s, first, 0u, x, y);
  let two = addProductsOf(one, first, 1u, x, y);
  let three = addProductsOf(two, first, 2u, x, y);
  let four = addProductsOf(three, first, 3u, x, y);
  let five = addProductsOf(four, first, 4u, x, y);
  let six = addProductsOf(five, first, 5u, x, y);
  let seven = addProductsOf(six, first, 6u, x, y);
  return addProductsOf(seven, first, 7u, x, y);
}

fn addWeightedRow(sums: mat4x4f, row: u32, x: u32, y: u32) -> mat4x4f {
  let w = weights[place(row, y)];
  let r = right[place(row, x)];
  return mat4x4f(
    fma(vec4f(w.x), r, sums[0]),
    fma(vec4f(w.y), r, sums[1]),
    fma(vec4f(w.z), r, sums[2]),
    fma(vec4f(w.w), r, sums[3]),
  );
}

// Adds the rows of `right`, weighted, to this invocation's 4 rows of 4 columns.
fn addWeighted(sums: mat4x4f, x: u32, y: u32) -> mat4x4f {
  var total = sums;
  for (var row = 0u; row < TILE; row += 8u) {
    total = addWeightedRow(total, row, x, y);
    total = addWeightedRow(total, row + 1u, x, y);
    total = addWeightedRow(total, row + 2u, x, y);
    total = addWeightedRow(total, row + 3u, x, y);
    total = addWeightedRow(total, row + 4u, x, y);
    total = addWeightedRow(total, row + 5u, x, y);
    total = addWeightedRow(total, row + 6u, x, y);
    total = addWeightedRow(total, row + 7u, x, y);
  }
  return total;
}

// Lays this invocation's 4 × 4 weights out for addWeighted: streamed row by streamed row, its own 4 rows in one vector.
fn storeWeights(w: mat4x4f, x: u32, y: u32) {
  let at = place(x, y);
  let byStreamed = transpose(w);
  weights[at] = byStreamed[0];
  weights[at + 64u] = byStreamed[1];
  weights[at + 128u] = byStreamed[2];
  weights[at + 192u] = byStreamed[3];
}

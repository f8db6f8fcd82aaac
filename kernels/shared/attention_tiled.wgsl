// Tiles of the attention kernels for GPUs: 32 rows of a streamed and of an own tensor, 32 columns of the head at a time, staged in
// workgroup memory; of their 32 × 32 products an invocation has 4 × 4, those of its rows y, y + 8, … with the streamed x, x + 8, …
// Rows of a tile, and columns of a head that are staged together.
const TILE = 32u;
// Vectors from one staged row to the next: 8, and one that spreads the rows over the memory's banks.
const PITCH = 9u;

@group(0) @binding(0) var<storage, read> queries: array<scalar>;
@group(0) @binding(1) var<storage, read> keys: array<scalar>;
@group(0) @binding(2) var<storage, read> values: array<scalar>;

var<workgroup> left: array<vec4f, TILE * PITCH>;
var<workgroup> right: array<vec4f, TILE * PITCH>;
var<workgroup> weights: array<vec4f, TILE * 8u>;

// First elements of the head in row 0 of this sequence.
var<private> atQuery: u32;
var<private> atKey: u32;
var<private> atValue: u32;

// Four elements of a row; zeros beyond the head and the context.
fn queryAt(row: u32, column: u32) -> vec4f {
  let at = atQuery + row * QUERY_STRIDE + column;
  let x = vec4f(f32(queries[at]), f32(queries[at + 1u]), f32(queries[at + 2u]), f32(queries[at + 3u]));
  let columns = vec4u(column, column + 1u, column + 2u, column + 3u);
  return select(vec4f(0.0), x, (columns < vec4u(HEAD_SIZE)) & vec4<bool>(row < CONTEXT));
}

fn keyAt(row: u32, column: u32) -> vec4f {
  let at = atKey + row * KEY_STRIDE + column;
  let x = vec4f(f32(keys[at]), f32(keys[at + 1u]), f32(keys[at + 2u]), f32(keys[at + 3u]));
  let columns = vec4u(column, column + 1u, column + 2u, column + 3u);
  return select(vec4f(0.0), x, (columns < vec4u(HEAD_SIZE)) & vec4<bool>(row < CONTEXT));
}

fn valueAt(row: u32, column: u32) -> vec4f {
  let at = atValue + row * VALUE_STRIDE + column;
  let x = vec4f(f32(values[at]), f32(values[at + 1u]), f32(values[at + 2u]), f32(values[at + 3u]));
  let columns = vec4u(column, column + 1u, column + 2u, column + 3u);
  return select(vec4f(0.0), x, (columns < vec4u(HEAD_SIZE)) & vec4<bool>(row < CONTEXT));
}

fn multiplyAdd(a: vec4f, b: vec4f, sum: f32) -> f32 {
  return fma(a.x, b.x, fma(a.y, b.y, fma(a.z, b.z, fma(a.w, b.w, sum))));
}

// Products of this invocation's 4 rows of `left` with its 4 of `right`, over the staged columns, added to `sums`.
fn addProducts(sums: ptr<function, array<vec4f, 4>>, x: u32, y: u32) {
  for (var d = 0u; d < TILE / 4u; d++) {
    let b0 = right[x * PITCH + d];
    let b1 = right[(x + 8u) * PITCH + d];
    let b2 = right[(x + 16u) * PITCH + d];
    let b3 = right[(x + 24u) * PITCH + d];
    for (var i = 0u; i < 4u; i++) {
      let a = left[(y + 8u * i) * PITCH + d];
      let s = (*sums)[i];
      (*sums)[i] = vec4f(
        multiplyAdd(a, b0, s.x),
        multiplyAdd(a, b1, s.y),
        multiplyAdd(a, b2, s.z),
        multiplyAdd(a, b3, s.w),
      );
    }
  }
}

// Adds the rows of `right`, weighted, to this invocation's 4 rows of 4 columns.
fn addWeighted(sums: ptr<function, array<vec4f, 4>>, x: u32, y: u32) {
  for (var s = 0u; s < TILE; s++) {
    let w = weights[s * 8u + y];
    let r = right[s * PITCH + x];
    (*sums)[0] = fma(vec4f(w.x), r, (*sums)[0]);
    (*sums)[1] = fma(vec4f(w.y), r, (*sums)[1]);
    (*sums)[2] = fma(vec4f(w.z), r, (*sums)[2]);
    (*sums)[3] = fma(vec4f(w.w), r, (*sums)[3]);
  }
}

// Lays this invocation's 4 × 4 weights out for addWeighted: streamed row by streamed row, its own 4 rows in one vector.
fn storeWeights(w: array<vec4f, 4>, x: u32, y: u32) {
  weights[x * 8u + y] = vec4f(w[0].x, w[1].x, w[2].x, w[3].x);
  weights[(x + 8u) * 8u + y] = vec4f(w[0].y, w[1].y, w[2].y, w[3].y);
  weights[(x + 16u) * 8u + y] = vec4f(w[0].z, w[1].z, w[2].z, w[3].z);
  weights[(x + 24u) * 8u + y] = vec4f(w[0].w, w[1].w, w[2].w, w[3].w);
}

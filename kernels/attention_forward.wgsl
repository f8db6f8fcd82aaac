// Causal multi-head attention in the manner of FlashAttention-2 (Dao 2023), the form for GPUs; several query heads may share a
// key-value head (Ainslie et al. 2023).
// B batch, T context, H query heads, Hkv key-value heads (a divisor of H), D head size (at most 128).
//   queries [B, T, H, D] · keys, values [B, T, Hkv, D] · out [B, T, H, D] · logSumExp [B, H, T] f32
//   A tensor's row t of sequence b starts at element (b·T + t)·STRIDE + OFFSET of its binding, so all may share a matrix.
// Formula: out[t] = Σ_{s≤t} softmax_s(q[t]·k[s]/√D) v[s]. logSumExp is kept so that the backward pass can recompute the
// probabilities instead of storing T² of them. Overwrites.
// A workgroup computes 32 queries of a head, walking tiles of 32 keys up to its own diagonal with a running maximum and sum;
// an invocation has 4 × 4 scores of a tile, and 4 rows × 4 of every 32 columns of the result, in registers. Rows are staged
// in workgroup memory 32 columns at a time, so its size (14 KiB) does not depend on D. WORKGROUP must be 64.
// Grid ⌈T / 32⌉ × B·H, the longest first.
override CONTEXT: u32;
override HEADS: u32;
override KEY_VALUE_HEADS: u32;
override HEAD_SIZE: u32;
override QUERY_STRIDE: u32;
override QUERY_OFFSET: u32;
override KEY_STRIDE: u32;
override KEY_OFFSET: u32;
override VALUE_STRIDE: u32;
override VALUE_OFFSET: u32;
override OUT_STRIDE: u32;
override OUT_OFFSET: u32;
override WORKGROUP: u32 = 64;

// Rows of a tile, and columns of a head that are staged together.
const TILE = 32u;
// Vectors from one staged row to the next: 8, and one that spreads the rows over the memory's banks.
const PITCH = 9u;

@group(0) @binding(0) var<storage, read> queries: array<scalar>;
@group(0) @binding(1) var<storage, read> keys: array<scalar>;
@group(0) @binding(2) var<storage, read> values: array<scalar>;
@group(0) @binding(3) var<storage, read_write> out: array<scalar>;
@group(0) @binding(4) var<storage, read_write> logSumExp: array<f32>;

var<workgroup> left: array<vec4f, TILE * PITCH>;
var<workgroup> right: array<vec4f, TILE * PITCH>;
var<workgroup> weights: array<vec4f, TILE * 8u>;
var<workgroup> shares: array<vec4f, 64>;

// First elements of this head in row 0 of this sequence.
var<private> atQuery: u32;
var<private> atKey: u32;
var<private> atValue: u32;
var<private> atOut: u32;

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

fn storeOut(row: u32, column: u32, x: vec4f) {
  let at = atOut + row * OUT_STRIDE + column;
  for (var e = 0u; e < 4u; e++) {
    if (row < CONTEXT && column + e < HEAD_SIZE) {
      out[at + e] = scalar(x[e]);
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  // This invocation's rows of a tile are y, y + 8, y + 16, y + 24; its streamed rows x and so on; its columns 4x … 4x + 3.
  let x = local % 8u;
  let y = local / 8u;
  let sequence = (group.y / HEADS) * CONTEXT;
  let head = group.y % HEADS;
  let keyColumn = (head * KEY_VALUE_HEADS / HEADS) * HEAD_SIZE;
  atQuery = sequence * QUERY_STRIDE + QUERY_OFFSET + head * HEAD_SIZE;
  atKey = sequence * KEY_STRIDE + KEY_OFFSET + keyColumn;
  atValue = sequence * VALUE_STRIDE + VALUE_OFFSET + keyColumn;
  atOut = sequence * OUT_STRIDE + OUT_OFFSET + head * HEAD_SIZE;
  let firstQuery = (groups.x - 1u - group.x) * TILE;
  let own = vec4u(0u, 8u, 16u, 24u);
  let query = firstQuery + y + own;
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  var sums: array<array<vec4f, 4>, 4>;
  var largest = vec4f(-3.0e38);
  var total = vec4f(0.0);
  for (var firstKey = 0u; firstKey <= firstQuery; firstKey += TILE) {
    var s = array<vec4f, 4>();
    for (var column = 0u; column < HEAD_SIZE; column += TILE) {
      workgroupBarrier();
      for (var i = local; i < TILE * 8u; i += 64u) {
        left[(i / 8u) * PITCH + i % 8u] = queryAt(firstQuery + i / 8u, column + 4u * (i % 8u));
        right[(i / 8u) * PITCH + i % 8u] = keyAt(firstKey + i / 8u, column + 4u * (i % 8u));
      }
      workgroupBarrier();
      addProducts(&s, x, y);
    }
    // Of every tile a query sees at least the first key, so `largest` is a true score and a hidden key's weight is 0.
    var tileLargest: vec4f;
    for (var i = 0u; i < 4u; i++) {
      s[i] = select(vec4f(-3.0e38), s[i] * scale, firstKey + x + own <= vec4u(query[i]));
      tileLargest[i] = max(max(s[i].x, s[i].y), max(s[i].z, s[i].w));
    }
    shares[local] = tileLargest;
    workgroupBarrier();
    var next = largest;
    for (var i = 0u; i < 8u; i++) {
      next = max(next, shares[y * 8u + i]);
    }
    let shrink = exp(largest - next);
    largest = next;
    var tileTotal: vec4f;
    for (var i = 0u; i < 4u; i++) {
      s[i] = exp(s[i] - vec4f(next[i]));
      tileTotal[i] = (s[i].x + s[i].y) + (s[i].z + s[i].w);
    }
    total = fma(total, shrink, tileTotal);
    storeWeights(s, x, y);
    for (var chunk = 0u; chunk < 4u; chunk++) {
      for (var i = 0u; i < 4u; i++) {
        sums[chunk][i] *= shrink[i];
      }
    }
    for (var chunk = 0u; chunk < 4u; chunk++) {
      if (chunk * TILE < HEAD_SIZE) {
        workgroupBarrier();
        for (var i = local; i < TILE * 8u; i += 64u) {
          right[(i / 8u) * PITCH + i % 8u] = valueAt(firstKey + i / 8u, chunk * TILE + 4u * (i % 8u));
        }
        workgroupBarrier();
        var part = sums[chunk];
        addWeighted(&part, x, y);
        sums[chunk] = part;
      }
    }
  }
  workgroupBarrier();
  shares[local] = total;
  workgroupBarrier();
  total = vec4f(0.0);
  for (var i = 0u; i < 8u; i++) {
    total += shares[y * 8u + i];
  }
  for (var i = 0u; i < 4u; i++) {
    for (var chunk = 0u; chunk < 4u; chunk++) {
      storeOut(query[i], chunk * TILE + 4u * x, sums[chunk][i] / total[i]);
    }
    if (x == 0u && query[i] < CONTEXT) {
      logSumExp[group.y * CONTEXT + query[i]] = largest[i] + log(total[i]);
    }
  }
}

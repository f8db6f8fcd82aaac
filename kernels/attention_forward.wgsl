// Causal multi-head attention in the manner of FlashAttention-2 (Dao 2023), the form for GPUs; several query heads may share a
// key-value head (Ainslie et al. 2023).
// B batch, T context, H query heads, Hkv key-value heads (a divisor of H), D head size (at most 128).
//   queries [B, T, H, D] · keys, values [B, T, Hkv, D] · out [B, T, H, D] · logSumExp [B, H, T] f32
//   A tensor's row t of sequence b starts at element (b·T + t)·STRIDE + OFFSET of its binding, so all may share a matrix.
// Formula: out[t] = Σ_{s≤t} softmax_s(q[t]·k[s]/√D) v[s]. logSumExp is kept so that the backward pass can recompute the
// probabilities instead of storing T² of them. Overwrites.
// A workgroup computes 32 queries of a head, walking tiles of 32 keys up to its own diagonal with a running maximum and sum;
// an invocation has 4 × 4 scores of a tile, and 4 rows × 4 of every 32 columns of the result, in registers. Rows are staged
// in workgroup memory 32 columns at a time; IS_KEPT 1, where D is at most 64: the queries' stay there.
// Workgroup memory 16 KiB. WORKGROUP must be 64. Grid ⌈T / 32⌉ × B·H, the longest first.
override IS_KEPT: u32 = 0;
override OUT_STRIDE: u32;
override OUT_OFFSET: u32;

@group(0) @binding(3) var<storage, read_write> out: array<scalar>;
@group(0) @binding(4) var<storage, read_write> logSumExp: array<f32>;

var<workgroup> left: array<vec4f, 2u * TILE * 8u>;

// First elements of this head in row 0 of this sequence.
var<private> atOut: u32;

fn storeOne(row: u32, column: u32, x: f32) {
  if (row < CONTEXT && column < HEAD_SIZE) {
    out[atOut + row * OUT_STRIDE + column] = scalar(x);
  }
}

fn storeOut(row: u32, column: u32, x: vec4f) {
  storeOne(row, column, x.x);
  storeOne(row, column + 1u, x.y);
  storeOne(row, column + 2u, x.z);
  storeOne(row, column + 3u, x.w);
}

// Adds the weighted values of 32 columns to the sums so far, which shrink by row.
fn addValues(sums: mat4x4f, shrink: vec4f, firstKey: u32, column: u32, x: u32, y: u32) -> mat4x4f {
  stageRight(valueRows(firstKey + y, column + 4u * x), place(y, x));
  let shrunk = mat4x4f(sums[0] * shrink.x, sums[1] * shrink.y, sums[2] * shrink.z, sums[3] * shrink.w);
  return addWeighted(shrunk, x, y);
}

// Scores of a query with the keys key, key + 8, …; hidden ones too low to weigh anything.
fn scores(s: vec4f, scale: f32, key: u32, query: u32) -> vec4f {
  return select(vec4f(-3.0e38), s * scale, key + vec4u(0u, 8u, 16u, 24u) <= vec4u(query));
}

fn largestOf(s: vec4f) -> f32 {
  return max(max(s.x, s.y), max(s.z, s.w));
}

fn sumOf(s: vec4f) -> f32 {
  return (s.x + s.y) + (s.z + s.w);
}

// The largest of a vector over the eight invocations of a row of tiles. `weights` carries it: it is free between two tiles.
fn largestInRow(own: vec4f, local: u32) -> vec4f {
  weights[local] = own;
  workgroupBarrier();
  let first = local / 8u * 8u;
  let low = max(max(weights[first], weights[first + 1u]), max(weights[first + 2u], weights[first + 3u]));
  let high = max(max(weights[first + 4u], weights[first + 5u]), max(weights[first + 6u], weights[first + 7u]));
  workgroupBarrier();
  return max(low, high);
}

fn sumInRow(own: vec4f, local: u32) -> vec4f {
  workgroupBarrier();
  weights[local] = own;
  workgroupBarrier();
  var total = vec4f(0.0);
  for (var i = 0u; i < 8u; i++) {
    total += weights[local / 8u * 8u + i];
  }
  return total;
}

fn storeColumns(firstQuery: u32, column: u32, sums: mat4x4f, total: vec4f) {
  storeOut(firstQuery, column, sums[0] / total.x);
  storeOut(firstQuery + 8u, column, sums[1] / total.y);
  storeOut(firstQuery + 16u, column, sums[2] / total.z);
  storeOut(firstQuery + 24u, column, sums[3] / total.w);
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
  let query = firstQuery + y;
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  if (IS_KEPT == 1u) {
    for (var column = 0u; column < HEAD_SIZE; column += TILE) {
      keepLeft(column * 8u + place(y, x), queryRows(query, column + 4u * x));
    }
  }
  // Columns 0 to 31, 32 to 63, …; a row in each column of the matrix.
  var sums0 = mat4x4f();
  var sums1 = mat4x4f();
  var sums2 = mat4x4f();
  var sums3 = mat4x4f();
  var largest = vec4f(-3.0e38);
  var total = vec4f(0.0);
  for (var firstKey = 0u; firstKey <= firstQuery; firstKey += TILE) {
    var s = mat4x4f();
    for (var column = 0u; column < HEAD_SIZE; column += TILE) {
      let keyed = keyRows(firstKey + y, column + 4u * x);
      if (IS_KEPT == 1u) {
        stageRight(keyed, place(y, x));
      } else {
        stage(queryRows(query, column + 4u * x), keyed, place(y, x));
      }
      s = addProducts(s, select(0u, column * 8u, IS_KEPT == 1u), x, y);
    }
    // Of every tile a query sees at least the first key, so `largest` is a true score and a hidden key's weight is 0.
    let key = firstKey + x;
    s = mat4x4f(
      scores(s[0], scale, key, query),
      scores(s[1], scale, key, query + 8u),
      scores(s[2], scale, key, query + 16u),
      scores(s[3], scale, key, query + 24u),
    );
    let own = vec4f(largestOf(s[0]), largestOf(s[1]), largestOf(s[2]), largestOf(s[3]));
    let next = max(largest, largestInRow(own, local));
    let shrink = exp(largest - next);
    largest = next;
    s = mat4x4f(
      exp(s[0] - vec4f(next.x)),
      exp(s[1] - vec4f(next.y)),
      exp(s[2] - vec4f(next.z)),
      exp(s[3] - vec4f(next.w)),
    );
    total = fma(total, shrink, vec4f(sumOf(s[0]), sumOf(s[1]), sumOf(s[2]), sumOf(s[3])));
    storeWeights(s, x, y);
    sums0 = addValues(sums0, shrink, firstKey, 0u, x, y);
    if (HEAD_SIZE > TILE) {
      sums1 = addValues(sums1, shrink, firstKey, TILE, x, y);
    }
    if (HEAD_SIZE > 2u * TILE) {
      sums2 = addValues(sums2, shrink, firstKey, 2u * TILE, x, y);
    }
    if (HEAD_SIZE > 3u * TILE) {
      sums3 = addValues(sums3, shrink, firstKey, 3u * TILE, x, y);
    }
  }
  total = sumInRow(total, local);
  storeColumns(query, 4u * x, sums0, total);
  if (HEAD_SIZE > TILE) {
    storeColumns(query, TILE + 4u * x, sums1, total);
  }
  if (HEAD_SIZE > 2u * TILE) {
    storeColumns(query, 2u * TILE + 4u * x, sums2, total);
  }
  if (HEAD_SIZE > 3u * TILE) {
    storeColumns(query, 3u * TILE + 4u * x, sums3, total);
  }
  let norm = largest + log(total);
  if (x < 4u && query + 8u * x < CONTEXT) {
    logSumExp[group.y * CONTEXT + query + 8u * x] = norm[x];
  }
}

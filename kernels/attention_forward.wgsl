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
override OUT_STRIDE: u32;
override OUT_OFFSET: u32;

@group(0) @binding(3) var<storage, read_write> out: array<scalar>;
@group(0) @binding(4) var<storage, read_write> logSumExp: array<f32>;

var<workgroup> shares: array<vec4f, 64>;

// First elements of this head in row 0 of this sequence.
var<private> atOut: u32;

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

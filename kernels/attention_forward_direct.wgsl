// Causal multi-head attention, one pass with a running softmax (Milakov & Gimelshein 2018; Dao et al. 2022), the form for
// software adapters; attention_forward.wgsl is the other.
// B batch, T context, H query heads, Hkv key-value heads (a divisor of H), D head size (a multiple of 4, at most 64).
//   queries [B, T, H, D] · keys, values [B, T, Hkv, D] · out [B, T, H, D] · logSumExp [B, H, T] f32
//   A tensor's row t of sequence b starts at element (b·T + t)·STRIDE + OFFSET of its binding, so all may share a matrix.
// Formula: out[t] = Σ_{s≤t} softmax_s(q[t]·k[s]/√D) v[s]; logSumExp as the backward pass wants it. Overwrites.
// Software adapters load for each lane in turn, even what all lanes share, so loads are what counts (llvmpipe: 300
// instructions a vec4): an invocation takes BLOCK neighbouring queries of a head and uses a key and a value for all of them.
// Its arrays must become registers: llvmpipe gathers from an array whose index is a variable and unrolls short loops only,
// hence the segments of 16 columns. Loops are few because llvmpipe silently ends an invocation after 65535 turns in all.
// Grid ⌈⌈T / BLOCK⌉·B·H / WORKGROUP⌉.
override OUT_STRIDE: u32;
override OUT_OFFSET: u32;

const BLOCK = 8u;

@group(0) @binding(3) var<storage, read_write> out: array<scalar4>;
@group(0) @binding(4) var<storage, read_write> logSumExp: array<f32>;

var<private> q: array<array<vec4f, 16>, BLOCK>;
var<private> sum: array<array<vec4f, 16>, BLOCK>;
var<private> score: array<vec4f, BLOCK>;
var<private> p: array<f32, BLOCK>;
var<private> shrink: array<f32, BLOCK>;
var<private> largest: array<f32, BLOCK>;
var<private> total: array<f32, BLOCK>;

fn loadQuery(start: u32, at: u32, scale: f32, slot: u32) {
  for (var d = start; d < segmentEnd(start); d++) {
    let x = vec4f(queries[at + d]) * scale;
    for (var j = 0u; j < BLOCK; j++) {
      q[j][d] = select(q[j][d], x, slot == j);
    }
  }
}

fn multiplyKey(start: u32, at: u32) {
  for (var d = start; d < segmentEnd(start); d++) {
    let x = vec4f(keys[at + d]);
    for (var j = 0u; j < BLOCK; j++) {
      score[j] = fma(q[j][d], x, score[j]);
    }
  }
}

fn addValue(start: u32, at: u32) {
  for (var d = start; d < segmentEnd(start); d++) {
    let x = vec4f(values[at + d]);
    for (var j = 0u; j < BLOCK; j++) {
      sum[j][d] = fma(vec4f(p[j]), x, sum[j][d] * shrink[j]);
    }
  }
}

fn storeOut(start: u32, at: u32, slotTotal: f32, slot: u32) {
  for (var d = start; d < segmentEnd(start); d++) {
    var x = vec4f(0.0);
    for (var j = 0u; j < BLOCK; j++) {
      x = select(x, sum[j][d], slot == j);
    }
    out[at + d] = scalar4(x / slotTotal);
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let place = placeOf(group.x, groups.x, local, HEADS);
  let row = place.row;
  let first = place.first;
  if (first >= CONTEXT || row >= BATCH * HEADS) {
    return;
  }
  let head = row % HEADS;
  let sequence = (row / HEADS) * CONTEXT;
  let keyColumn = (head * KEY_VALUE_HEADS / HEADS) * HEAD_SIZE;
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  for (var j = 0u; j < BLOCK; j++) {
    largest[j] = -3.0e38;
  }
  let end = min(CONTEXT, first + BLOCK);
  for (var query = first; query < end; query++) {
    let at = ((sequence + query) * QUERY_STRIDE + QUERY_OFFSET + head * HEAD_SIZE) / 4u;
    loadQuery(0u, at, scale, query - first);
    if (HEAD_SIZE > 16u) {
      loadQuery(4u, at, scale, query - first);
    }
    if (HEAD_SIZE > 32u) {
      loadQuery(8u, at, scale, query - first);
    }
    if (HEAD_SIZE > 48u) {
      loadQuery(12u, at, scale, query - first);
    }
  }
  for (var key = 0u; key < end; key++) {
    let atKey = ((sequence + key) * KEY_STRIDE + KEY_OFFSET + keyColumn) / 4u;
    let atValue = ((sequence + key) * VALUE_STRIDE + VALUE_OFFSET + keyColumn) / 4u;
    for (var j = 0u; j < BLOCK; j++) {
      score[j] = vec4f(0.0);
    }
    multiplyKey(0u, atKey);
    if (HEAD_SIZE > 16u) {
      multiplyKey(4u, atKey);
    }
    if (HEAD_SIZE > 32u) {
      multiplyKey(8u, atKey);
    }
    if (HEAD_SIZE > 48u) {
      multiplyKey(12u, atKey);
    }
    // Key 0 is before every query, so `largest` is a true score from the first turn on and a hidden key's weight is 0.
    for (var j = 0u; j < BLOCK; j++) {
      let x = (score[j].x + score[j].y) + (score[j].z + score[j].w);
      let visible = select(-3.0e38, x, key <= first + j);
      let next = max(largest[j], visible);
      shrink[j] = exp(largest[j] - next);
      p[j] = exp(visible - next);
      largest[j] = next;
      total[j] = total[j] * shrink[j] + p[j];
    }
    addValue(0u, atValue);
    if (HEAD_SIZE > 16u) {
      addValue(4u, atValue);
    }
    if (HEAD_SIZE > 32u) {
      addValue(8u, atValue);
    }
    if (HEAD_SIZE > 48u) {
      addValue(12u, atValue);
    }
  }
  for (var query = first; query < end; query++) {
    let at = ((sequence + query) * OUT_STRIDE + OUT_OFFSET + head * HEAD_SIZE) / 4u;
    var slotLargest = 0.0;
    var slotTotal = 0.0;
    for (var j = 0u; j < BLOCK; j++) {
      slotLargest = select(slotLargest, largest[j], query - first == j);
      slotTotal = select(slotTotal, total[j], query - first == j);
    }
    storeOut(0u, at, slotTotal, query - first);
    if (HEAD_SIZE > 16u) {
      storeOut(4u, at, slotTotal, query - first);
    }
    if (HEAD_SIZE > 32u) {
      storeOut(8u, at, slotTotal, query - first);
    }
    if (HEAD_SIZE > 48u) {
      storeOut(12u, at, slotTotal, query - first);
    }
    logSumExp[row * CONTEXT + query] = slotLargest + log(slotTotal);
  }
}

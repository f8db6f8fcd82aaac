// Causal multi-head attention, one pass with a running softmax (Milakov & Gimelshein 2018; Dao et al. 2022); several query
// heads may share a key-value head (Ainslie et al. 2023).
// B batch, T context, H query heads, Hkv key-value heads (a divisor of H), D head size (at most 128).
//   queries [B, T, H, D] · keys, values [B, T, Hkv, D] · out [B, T, H, D] · logSumExp [B, H, T] f32
//   A tensor's row t of sequence b starts at element (b·T + t)·STRIDE + OFFSET of its binding, so all may share a matrix.
// Formula: out[t] = Σ_{s≤t} softmax_s(q[t]·k[s]/√D) v[s]. logSumExp is kept so that the backward pass can recompute the
// probabilities instead of storing T² of them. Overwrites. One invocation a query; a workgroup takes WORKGROUP
// neighbouring queries of one head and walks the keys together, so keys and values are read once a workgroup.
// Grid ⌈T / WORKGROUP⌉ × B·H.
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

@group(0) @binding(0) var<storage, read> queries: array<scalar>;
@group(0) @binding(1) var<storage, read> keys: array<scalar>;
@group(0) @binding(2) var<storage, read> values: array<scalar>;
@group(0) @binding(3) var<storage, read_write> out: array<scalar>;
@group(0) @binding(4) var<storage, read_write> logSumExp: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let query = group.x * WORKGROUP + local;
  if (query >= CONTEXT) {
    return;
  }
  let head = group.y % HEADS;
  let sequence = (group.y / HEADS) * CONTEXT;
  let keyColumn = (head * KEY_VALUE_HEADS / HEADS) * HEAD_SIZE;
  let atQuery = (sequence + query) * QUERY_STRIDE + QUERY_OFFSET + head * HEAD_SIZE;
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  var q: array<f32, 128>;
  var sum: array<f32, 128>;
  for (var d = 0u; d < HEAD_SIZE; d++) {
    q[d] = f32(queries[atQuery + d]) * scale;
    sum[d] = 0.0;
  }
  var largest = -3.0e38;
  var total = 0.0;
  let end = min(CONTEXT, (group.x + 1u) * WORKGROUP);
  for (var key = 0u; key < end; key++) {
    let atKey = (sequence + key) * KEY_STRIDE + KEY_OFFSET + keyColumn;
    let atValue = (sequence + key) * VALUE_STRIDE + VALUE_OFFSET + keyColumn;
    var score = 0.0;
    for (var d = 0u; d < HEAD_SIZE; d++) {
      score = fma(q[d], f32(keys[atKey + d]), score);
    }
    // A key after the query changes nothing: it neither moves the maximum nor has weight.
    let visible = key <= query;
    let next = select(largest, max(largest, score), visible);
    let shrink = exp(largest - next);
    let p = select(0.0, exp(score - next), visible);
    largest = next;
    total = total * shrink + p;
    for (var d = 0u; d < HEAD_SIZE; d++) {
      sum[d] = fma(p, f32(values[atValue + d]), sum[d] * shrink);
    }
  }
  let atOut = (sequence + query) * OUT_STRIDE + OUT_OFFSET + head * HEAD_SIZE;
  for (var d = 0u; d < HEAD_SIZE; d++) {
    out[atOut + d] = scalar(sum[d] / total);
  }
  logSumExp[group.y * CONTEXT + query] = largest + log(total);
}

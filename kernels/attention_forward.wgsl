// Causal multi-head attention, one pass with a running softmax (Milakov & Gimelshein 2018; Dao et al. 2022).
// B batch, T context, H heads, D = C/H head size (at most 128).
//   qkv [B, T, 3C]: queries, keys, values, heads contiguous · out [B, T, C] · logSumExp [B, H, T]
// Formula: out[t] = Σ_{s≤t} softmax_s(q[t]·k[s]/√D) v[s]. logSumExp is kept so that the backward pass can recompute the
// probabilities instead of storing T² of them. Overwrites. One invocation a query; a workgroup takes WORKGROUP
// neighbouring queries of one head and walks the keys together, so keys and values are read once a workgroup.
// Grid ⌈T / WORKGROUP⌉ × B·H.
override CONTEXT: u32;
override HEADS: u32;
override HEAD_SIZE: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> qkv: array<scalar>;
@group(0) @binding(1) var<storage, read_write> out: array<scalar>;
@group(0) @binding(2) var<storage, read_write> logSumExp: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let query = group.x * WORKGROUP + local;
  if (query >= CONTEXT) {
    return;
  }
  let width = HEADS * HEAD_SIZE;
  let head = group.y % HEADS;
  let batch = group.y / HEADS;
  let sequence = batch * CONTEXT;
  let column = head * HEAD_SIZE;
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  var q: array<f32, 128>;
  var sum: array<f32, 128>;
  for (var d = 0u; d < HEAD_SIZE; d++) {
    q[d] = f32(qkv[(sequence + query) * 3u * width + column + d]) * scale;
    sum[d] = 0.0;
  }
  var largest = -3.0e38;
  var total = 0.0;
  let end = min(CONTEXT, (group.x + 1u) * WORKGROUP);
  for (var key = 0u; key < end; key++) {
    let at = (sequence + key) * 3u * width + width + column;
    var score = 0.0;
    for (var d = 0u; d < HEAD_SIZE; d++) {
      score = fma(q[d], f32(qkv[at + d]), score);
    }
    // A key after the query changes nothing: it neither moves the maximum nor has weight.
    let visible = key <= query;
    let next = select(largest, max(largest, score), visible);
    let shrink = exp(largest - next);
    let p = select(0.0, exp(score - next), visible);
    largest = next;
    total = total * shrink + p;
    for (var d = 0u; d < HEAD_SIZE; d++) {
      sum[d] = fma(p, f32(qkv[at + width + d]), sum[d] * shrink);
    }
  }
  for (var d = 0u; d < HEAD_SIZE; d++) {
    out[(sequence + query) * width + column + d] = scalar(sum[d] / total);
  }
  logSumExp[group.y * CONTEXT + query] = largest + log(total);
}

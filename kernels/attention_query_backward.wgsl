// Gradient of causal attention with respect to the queries. Run before attention_key_value_backward.
// B batch, T context, H query heads, Hkv key-value heads (a divisor of H), D head size (at most 128).
//   queries [B, T, H, D] · keys, values [B, T, Hkv, D] · dout [B, T, H, D]
//   out [B, T, H, D] and logSumExp [B, H, T] f32 of the forward pass
//   dqueries [B, T, H, D] · rowDot [B, H, T] f32: out·dout of each query, for the other kernel
//   A tensor's row t of sequence b starts at element (b·T + t)·STRIDE + OFFSET of its binding, so all may share a matrix.
// Formula (Dao et al. 2022): p = exp(q·k/√D - logSumExp); dscore = p·(dout·v - rowDot); dq = Σ_{s≤t} dscore·k[s]/√D.
// Overwrites. One invocation a query; the workgroup walks the keys together. Grid ⌈T / WORKGROUP⌉ × B·H.
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
override DOUT_STRIDE: u32;
override DOUT_OFFSET: u32;
override DQUERY_STRIDE: u32;
override DQUERY_OFFSET: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> queries: array<scalar>;
@group(0) @binding(1) var<storage, read> keys: array<scalar>;
@group(0) @binding(2) var<storage, read> values: array<scalar>;
@group(0) @binding(3) var<storage, read> out: array<scalar>;
@group(0) @binding(4) var<storage, read> logSumExp: array<f32>;
@group(0) @binding(5) var<storage, read> dout: array<scalar>;
@group(0) @binding(6) var<storage, read_write> dqueries: array<scalar>;
@group(0) @binding(7) var<storage, read_write> rowDot: array<f32>;

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
  let column = head * HEAD_SIZE;
  let keyColumn = (head * KEY_VALUE_HEADS / HEADS) * HEAD_SIZE;
  let sequence = (group.y / HEADS) * CONTEXT;
  let atQuery = (sequence + query) * QUERY_STRIDE + QUERY_OFFSET + column;
  let atOut = (sequence + query) * OUT_STRIDE + OUT_OFFSET + column;
  let atDout = (sequence + query) * DOUT_STRIDE + DOUT_OFFSET + column;
  let atDquery = (sequence + query) * DQUERY_STRIDE + DQUERY_OFFSET + column;
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  var q: array<f32, 128>;
  var g: array<f32, 128>;
  var sum: array<f32, 128>;
  var dot = 0.0;
  for (var d = 0u; d < HEAD_SIZE; d++) {
    q[d] = f32(queries[atQuery + d]) * scale;
    g[d] = f32(dout[atDout + d]);
    dot = fma(g[d], f32(out[atOut + d]), dot);
    sum[d] = 0.0;
  }
  let norm = logSumExp[group.y * CONTEXT + query];
  let end = min(CONTEXT, (group.x + 1u) * WORKGROUP);
  for (var key = 0u; key < end; key++) {
    let atKey = (sequence + key) * KEY_STRIDE + KEY_OFFSET + keyColumn;
    let atValue = (sequence + key) * VALUE_STRIDE + VALUE_OFFSET + keyColumn;
    var score = 0.0;
    var dp = 0.0;
    for (var d = 0u; d < HEAD_SIZE; d++) {
      score = fma(q[d], f32(keys[atKey + d]), score);
      dp = fma(g[d], f32(values[atValue + d]), dp);
    }
    let p = select(0.0, exp(score - norm), key <= query);
    let dscore = p * (dp - dot) * scale;
    for (var d = 0u; d < HEAD_SIZE; d++) {
      sum[d] = fma(dscore, f32(keys[atKey + d]), sum[d]);
    }
  }
  for (var d = 0u; d < HEAD_SIZE; d++) {
    dqueries[atDquery + d] = scalar(sum[d]);
  }
  rowDot[group.y * CONTEXT + query] = dot;
}

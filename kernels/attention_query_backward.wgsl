// Gradient of causal attention with respect to the queries. Run before attention_key_value_backward.
// B batch, T context, H heads, D = C/H head size (at most 128).
//   qkv [B, T, 3C] · out [B, T, C] and logSumExp [B, H, T] of the forward pass · dout [B, T, C]
//   dqkv [B, T, 3C]: only the query third is written · rowDot [B, H, T]: out·dout of each query, for the other kernel
// Formula (Dao et al. 2022): p = exp(q·k/√D - logSumExp); dscore = p·(dout·v - rowDot); dq = Σ_{s≤t} dscore·k[s]/√D.
// Overwrites. One invocation a query; the workgroup walks the keys together. Grid ⌈T / WORKGROUP⌉ × B·H.
override CONTEXT: u32;
override HEADS: u32;
override HEAD_SIZE: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> qkv: array<scalar>;
@group(0) @binding(1) var<storage, read> out: array<scalar>;
@group(0) @binding(2) var<storage, read> logSumExp: array<f32>;
@group(0) @binding(3) var<storage, read> dout: array<scalar>;
@group(0) @binding(4) var<storage, read_write> dqkv: array<scalar>;
@group(0) @binding(5) var<storage, read_write> rowDot: array<f32>;

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
  let sequence = (group.y / HEADS) * CONTEXT;
  let column = (group.y % HEADS) * HEAD_SIZE;
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  var q: array<f32, 128>;
  var g: array<f32, 128>;
  var sum: array<f32, 128>;
  var dot = 0.0;
  for (var d = 0u; d < HEAD_SIZE; d++) {
    q[d] = f32(qkv[(sequence + query) * 3u * width + column + d]) * scale;
    g[d] = f32(dout[(sequence + query) * width + column + d]);
    dot = fma(g[d], f32(out[(sequence + query) * width + column + d]), dot);
    sum[d] = 0.0;
  }
  let norm = logSumExp[group.y * CONTEXT + query];
  let end = min(CONTEXT, (group.x + 1u) * WORKGROUP);
  for (var key = 0u; key < end; key++) {
    let at = (sequence + key) * 3u * width + width + column;
    var score = 0.0;
    var dp = 0.0;
    for (var d = 0u; d < HEAD_SIZE; d++) {
      score = fma(q[d], f32(qkv[at + d]), score);
      dp = fma(g[d], f32(qkv[at + width + d]), dp);
    }
    let p = select(0.0, exp(score - norm), key <= query);
    let dscore = p * (dp - dot) * scale;
    for (var d = 0u; d < HEAD_SIZE; d++) {
      sum[d] = fma(dscore, f32(qkv[at + d]), sum[d]);
    }
  }
  for (var d = 0u; d < HEAD_SIZE; d++) {
    dqkv[(sequence + query) * 3u * width + column + d] = scalar(sum[d]);
  }
  rowDot[group.y * CONTEXT + query] = dot;
}

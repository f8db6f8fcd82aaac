// Gradient of causal attention with respect to keys and values. Run after attention_query_backward.
// B batch, T context, H heads, D = C/H head size (at most 128).
//   qkv [B, T, 3C] · logSumExp [B, H, T] · rowDot [B, H, T] · dout [B, T, C]
//   dqkv [B, T, 3C]: the key and value thirds are written
// Formula (Dao et al. 2022): dv[s] = Σ_{t≥s} p·dout[t]; dk[s] = Σ_{t≥s} p·(dout[t]·v[s] - rowDot[t])·q[t]/√D.
// Overwrites. One invocation a key; the workgroup walks the queries together, from its first key on.
// Grid ⌈T / WORKGROUP⌉ × B·H.
override CONTEXT: u32;
override HEADS: u32;
override HEAD_SIZE: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> qkv: array<scalar>;
@group(0) @binding(1) var<storage, read> logSumExp: array<f32>;
@group(0) @binding(2) var<storage, read> rowDot: array<f32>;
@group(0) @binding(3) var<storage, read> dout: array<scalar>;
@group(0) @binding(4) var<storage, read_write> dqkv: array<scalar>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let key = group.x * WORKGROUP + local;
  if (key >= CONTEXT) {
    return;
  }
  let width = HEADS * HEAD_SIZE;
  let sequence = (group.y / HEADS) * CONTEXT;
  let column = (group.y % HEADS) * HEAD_SIZE;
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  let own = (sequence + key) * 3u * width + width + column;
  var k: array<f32, 128>;
  var v: array<f32, 128>;
  var dk: array<f32, 128>;
  var dv: array<f32, 128>;
  for (var d = 0u; d < HEAD_SIZE; d++) {
    k[d] = f32(qkv[own + d]);
    v[d] = f32(qkv[own + width + d]);
    dk[d] = 0.0;
    dv[d] = 0.0;
  }
  for (var query = group.x * WORKGROUP; query < CONTEXT; query++) {
    let at = (sequence + query) * 3u * width + column;
    let atOut = (sequence + query) * width + column;
    var score = 0.0;
    var dp = 0.0;
    for (var d = 0u; d < HEAD_SIZE; d++) {
      score = fma(f32(qkv[at + d]), k[d], score);
      dp = fma(f32(dout[atOut + d]), v[d], dp);
    }
    let row = group.y * CONTEXT + query;
    let p = select(0.0, exp(score * scale - logSumExp[row]), key <= query);
    let dscore = p * (dp - rowDot[row]) * scale;
    for (var d = 0u; d < HEAD_SIZE; d++) {
      dk[d] = fma(dscore, f32(qkv[at + d]), dk[d]);
      dv[d] = fma(p, f32(dout[atOut + d]), dv[d]);
    }
  }
  for (var d = 0u; d < HEAD_SIZE; d++) {
    dqkv[own + d] = scalar(dk[d]);
    dqkv[own + width + d] = scalar(dv[d]);
  }
}

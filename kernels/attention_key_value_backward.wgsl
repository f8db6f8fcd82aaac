// Gradient of causal attention with respect to keys and values. Run after attention_query_backward.
// B batch, T context, H query heads, Hkv key-value heads (a divisor of H), D head size (at most 128).
//   queries [B, T, H, D] · keys, values [B, T, Hkv, D] · dout [B, T, H, D]
//   logSumExp, rowDot [B, H, T] f32 of the forward pass and of attention_query_backward
//   dkeys, dvalues [B, T, Hkv, D]. With SHARED 1 both go to the binding of dkeys, because WebGPU forbids binding one buffer
//   twice for writing, and what is bound as dvalues is left alone.
//   A tensor's row t of sequence b starts at element (b·T + t)·STRIDE + OFFSET of its binding, so all may share a matrix.
// Formula (Dao et al. 2022): dv[s] = Σ_{t≥s} p·dout[t]; dk[s] = Σ_{t≥s} p·(dout[t]·v[s] - rowDot[t])·q[t]/√D, over the
// query heads of the group in order, so the same bits every time. Overwrites. One invocation a key; the workgroup walks the
// queries together, from its first key on. Grid ⌈T / WORKGROUP⌉ × B·Hkv.
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
override DOUT_STRIDE: u32;
override DOUT_OFFSET: u32;
override DKEY_STRIDE: u32;
override DKEY_OFFSET: u32;
override DVALUE_STRIDE: u32;
override DVALUE_OFFSET: u32;
override SHARED: u32 = 0;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> queries: array<scalar>;
@group(0) @binding(1) var<storage, read> keys: array<scalar>;
@group(0) @binding(2) var<storage, read> values: array<scalar>;
@group(0) @binding(3) var<storage, read> logSumExp: array<f32>;
@group(0) @binding(4) var<storage, read> rowDot: array<f32>;
@group(0) @binding(5) var<storage, read> dout: array<scalar>;
@group(0) @binding(6) var<storage, read_write> dkeys: array<scalar>;
@group(0) @binding(7) var<storage, read_write> dvalues: array<scalar>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let key = group.x * WORKGROUP + local;
  if (key >= CONTEXT) {
    return;
  }
  let groupSize = HEADS / KEY_VALUE_HEADS;
  let batch = group.y / KEY_VALUE_HEADS;
  let keyHead = group.y % KEY_VALUE_HEADS;
  let sequence = batch * CONTEXT;
  let atKey = (sequence + key) * KEY_STRIDE + KEY_OFFSET + keyHead * HEAD_SIZE;
  let atValue = (sequence + key) * VALUE_STRIDE + VALUE_OFFSET + keyHead * HEAD_SIZE;
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  var k: array<f32, 128>;
  var v: array<f32, 128>;
  var dk: array<f32, 128>;
  var dv: array<f32, 128>;
  for (var d = 0u; d < HEAD_SIZE; d++) {
    k[d] = f32(keys[atKey + d]) * scale;
    v[d] = f32(values[atValue + d]);
    dk[d] = 0.0;
    dv[d] = 0.0;
  }
  for (var head = keyHead * groupSize; head < (keyHead + 1u) * groupSize; head++) {
    for (var query = group.x * WORKGROUP; query < CONTEXT; query++) {
      let atQuery = (sequence + query) * QUERY_STRIDE + QUERY_OFFSET + head * HEAD_SIZE;
      let atDout = (sequence + query) * DOUT_STRIDE + DOUT_OFFSET + head * HEAD_SIZE;
      var score = 0.0;
      var dp = 0.0;
      for (var d = 0u; d < HEAD_SIZE; d++) {
        score = fma(f32(queries[atQuery + d]), k[d], score);
        dp = fma(f32(dout[atDout + d]), v[d], dp);
      }
      let row = (batch * HEADS + head) * CONTEXT + query;
      let p = select(0.0, exp(score - logSumExp[row]), key <= query);
      let dscore = p * (dp - rowDot[row]) * scale;
      for (var d = 0u; d < HEAD_SIZE; d++) {
        dk[d] = fma(dscore, f32(queries[atQuery + d]), dk[d]);
        dv[d] = fma(p, f32(dout[atDout + d]), dv[d]);
      }
    }
  }
  let atDkey = (sequence + key) * DKEY_STRIDE + DKEY_OFFSET + keyHead * HEAD_SIZE;
  let atDvalue = (sequence + key) * DVALUE_STRIDE + DVALUE_OFFSET + keyHead * HEAD_SIZE;
  for (var d = 0u; d < HEAD_SIZE; d++) {
    dkeys[atDkey + d] = scalar(dk[d]);
    if (SHARED == 1u) {
      dkeys[atDvalue + d] = scalar(dv[d]);
    } else {
      dvalues[atDvalue + d] = scalar(dv[d]);
    }
  }
}

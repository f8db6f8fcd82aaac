// Gradient of causal attention with respect to keys and values, the form for software adapters: see
// attention_forward_direct.wgsl for why it is written so. Run after attention_query_backward_direct.
// B batch, T context, H query heads, Hkv key-value heads (a divisor of H), D head size (a multiple of 4, at most 64).
//   queries [B, T, H, D] · keys, values [B, T, Hkv, D] · dout [B, T, H, D]
//   logSumExp, rowDot [B, H, T] f32 of the forward pass and of attention_query_backward_direct
//   dkeys, dvalues [B, T, Hkv, D]. With SHARED 1 both go to the binding of dkeys, because WebGPU forbids binding one buffer
//   twice for writing, and what is bound as dvalues is left alone.
//   A tensor's row t of sequence b starts at element (b·T + t)·STRIDE + OFFSET of its binding, so all may share a matrix.
// Formula (Dao et al. 2022): dv[s] = Σ_{t≥s} p·dout[t]; dk[s] = Σ_{t≥s} p·(dout[t]·v[s] - rowDot[t])·q[t]/√D, over the
// query heads of the group in order, so the same bits every time. Overwrites. One invocation BLOCK neighbouring keys of a
// key-value head. Grid ⌈⌈T / BLOCK⌉·B·Hkv / WORKGROUP⌉.
override DOUT_STRIDE: u32;
override DOUT_OFFSET: u32;
override DKEY_STRIDE: u32;
override DKEY_OFFSET: u32;
override DVALUE_STRIDE: u32;
override DVALUE_OFFSET: u32;
override SHARED: u32 = 0;

const BLOCK = 4u;

@group(0) @binding(3) var<storage, read> logSumExp: array<f32>;
@group(0) @binding(4) var<storage, read> rowDot: array<f32>;
@group(0) @binding(5) var<storage, read> dout: array<scalar4>;
@group(0) @binding(6) var<storage, read_write> dkeys: array<scalar4>;
@group(0) @binding(7) var<storage, read_write> dvalues: array<scalar4>;

var<private> k: array<array<vec4f, 16>, BLOCK>;
var<private> v: array<array<vec4f, 16>, BLOCK>;
var<private> dk: array<array<vec4f, 16>, BLOCK>;
var<private> dv: array<array<vec4f, 16>, BLOCK>;
var<private> q: array<vec4f, 16>;
var<private> g: array<vec4f, 16>;
var<private> score: array<vec4f, BLOCK>;
var<private> dp: array<vec4f, BLOCK>;
var<private> p: array<f32, BLOCK>;
var<private> dscore: array<f32, BLOCK>;

fn loadKey(start: u32, atKey: u32, atValue: u32, scale: f32, slot: u32) {
  for (var d = start; d < segmentEnd(start); d++) {
    let x = vec4f(keys[atKey + d]) * scale;
    let y = vec4f(values[atValue + d]);
    for (var j = 0u; j < BLOCK; j++) {
      k[j][d] = select(k[j][d], x, slot == j);
      v[j][d] = select(v[j][d], y, slot == j);
    }
  }
}

fn multiplyQuery(start: u32, atQuery: u32, atDout: u32) {
  for (var d = start; d < segmentEnd(start); d++) {
    q[d] = vec4f(queries[atQuery + d]);
    g[d] = vec4f(dout[atDout + d]);
    for (var j = 0u; j < BLOCK; j++) {
      score[j] = fma(k[j][d], q[d], score[j]);
      dp[j] = fma(v[j][d], g[d], dp[j]);
    }
  }
}

fn addQuery(start: u32) {
  for (var d = start; d < segmentEnd(start); d++) {
    for (var j = 0u; j < BLOCK; j++) {
      dk[j][d] = fma(vec4f(dscore[j]), q[d], dk[j][d]);
      dv[j][d] = fma(vec4f(p[j]), g[d], dv[j][d]);
    }
  }
}

fn storeKey(start: u32, atDkey: u32, atDvalue: u32, scale: f32, slot: u32) {
  for (var d = start; d < segmentEnd(start); d++) {
    var x = vec4f(0.0);
    var y = vec4f(0.0);
    for (var j = 0u; j < BLOCK; j++) {
      x = select(x, dk[j][d], slot == j);
      y = select(y, dv[j][d], slot == j);
    }
    dkeys[atDkey + d] = scalar4(x * scale);
    if (SHARED == 1u) {
      dkeys[atDvalue + d] = scalar4(y);
    } else {
      dvalues[atDvalue + d] = scalar4(y);
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let place = placeOf(group.x, groups.x, local, KEY_VALUE_HEADS);
  let keyRow = place.row;
  let first = place.first;
  if (first >= CONTEXT || keyRow >= BATCH * KEY_VALUE_HEADS) {
    return;
  }
  let groupSize = HEADS / KEY_VALUE_HEADS;
  let keyHead = keyRow % KEY_VALUE_HEADS;
  let batch = keyRow / KEY_VALUE_HEADS;
  let sequence = batch * CONTEXT;
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  let end = min(CONTEXT, first + BLOCK);
  for (var key = first; key < end; key++) {
    let atKey = ((sequence + key) * KEY_STRIDE + KEY_OFFSET + keyHead * HEAD_SIZE) / 4u;
    let atValue = ((sequence + key) * VALUE_STRIDE + VALUE_OFFSET + keyHead * HEAD_SIZE) / 4u;
    loadKey(0u, atKey, atValue, scale, key - first);
    if (HEAD_SIZE > 16u) {
      loadKey(4u, atKey, atValue, scale, key - first);
    }
    if (HEAD_SIZE > 32u) {
      loadKey(8u, atKey, atValue, scale, key - first);
    }
    if (HEAD_SIZE > 48u) {
      loadKey(12u, atKey, atValue, scale, key - first);
    }
  }
  for (var head = keyHead * groupSize; head < (keyHead + 1u) * groupSize; head++) {
    for (var query = first; query < CONTEXT; query++) {
      let atQuery = ((sequence + query) * QUERY_STRIDE + QUERY_OFFSET + head * HEAD_SIZE) / 4u;
      let atDout = ((sequence + query) * DOUT_STRIDE + DOUT_OFFSET + head * HEAD_SIZE) / 4u;
      let row = (batch * HEADS + head) * CONTEXT + query;
      let norm = logSumExp[row];
      let dot = rowDot[row];
      for (var j = 0u; j < BLOCK; j++) {
        score[j] = vec4f(0.0);
        dp[j] = vec4f(0.0);
      }
      multiplyQuery(0u, atQuery, atDout);
      if (HEAD_SIZE > 16u) {
        multiplyQuery(4u, atQuery, atDout);
      }
      if (HEAD_SIZE > 32u) {
        multiplyQuery(8u, atQuery, atDout);
      }
      if (HEAD_SIZE > 48u) {
        multiplyQuery(12u, atQuery, atDout);
      }
      for (var j = 0u; j < BLOCK; j++) {
        let x = (score[j].x + score[j].y) + (score[j].z + score[j].w);
        let y = (dp[j].x + dp[j].y) + (dp[j].z + dp[j].w);
        p[j] = select(0.0, exp(x - norm), first + j <= query);
        dscore[j] = p[j] * (y - dot);
      }
      addQuery(0u);
      if (HEAD_SIZE > 16u) {
        addQuery(4u);
      }
      if (HEAD_SIZE > 32u) {
        addQuery(8u);
      }
      if (HEAD_SIZE > 48u) {
        addQuery(12u);
      }
    }
  }
  for (var key = first; key < end; key++) {
    let atDkey = ((sequence + key) * DKEY_STRIDE + DKEY_OFFSET + keyHead * HEAD_SIZE) / 4u;
    let atDvalue = ((sequence + key) * DVALUE_STRIDE + DVALUE_OFFSET + keyHead * HEAD_SIZE) / 4u;
    storeKey(0u, atDkey, atDvalue, scale, key - first);
    if (HEAD_SIZE > 16u) {
      storeKey(4u, atDkey, atDvalue, scale, key - first);
    }
    if (HEAD_SIZE > 32u) {
      storeKey(8u, atDkey, atDvalue, scale, key - first);
    }
    if (HEAD_SIZE > 48u) {
      storeKey(12u, atDkey, atDvalue, scale, key - first);
    }
  }
}

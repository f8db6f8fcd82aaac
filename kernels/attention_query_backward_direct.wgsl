// Gradient of causal attention with respect to the queries, the form for software adapters: see attention_forward_direct.wgsl
// for why it is written so. Run before attention_key_value_backward_direct.
// B batch, T context, H query heads, Hkv key-value heads (a divisor of H), D head size (a multiple of 4, at most 64).
//   queries [B, T, H, D] · keys, values [B, T, Hkv, D] · dout [B, T, H, D]
//   out [B, T, H, D] and logSumExp [B, H, T] f32 of the forward pass
//   dqueries [B, T, H, D] · rowDot [B, H, T] f32: out·dout of each query, for the other kernel
//   A tensor's row t of sequence b starts at element (b·T + t)·STRIDE + OFFSET of its binding, so all may share a matrix.
// Formula (Dao et al. 2022): p = exp(q·k/√D - logSumExp); dscore = p·(dout·v - rowDot); dq = Σ_{s≤t} dscore·k[s]/√D.
// Overwrites. One invocation BLOCK neighbouring queries of a head. Grid ⌈⌈T / BLOCK⌉·B·H / WORKGROUP⌉.
override OUT_STRIDE: u32;
override OUT_OFFSET: u32;
override DOUT_STRIDE: u32;
override DOUT_OFFSET: u32;
override DQUERY_STRIDE: u32;
override DQUERY_OFFSET: u32;

const BLOCK = 4u;

@group(0) @binding(3) var<storage, read> out: array<scalar4>;
@group(0) @binding(4) var<storage, read> logSumExp: array<f32>;
@group(0) @binding(5) var<storage, read> dout: array<scalar4>;
@group(0) @binding(6) var<storage, read_write> dqueries: array<scalar4>;
@group(0) @binding(7) var<storage, read_write> rowDot: array<f32>;

var<private> q: array<array<vec4f, 16>, BLOCK>;
var<private> g: array<array<vec4f, 16>, BLOCK>;
var<private> dq: array<array<vec4f, 16>, BLOCK>;
var<private> k: array<vec4f, 16>;
var<private> score: array<vec4f, BLOCK>;
var<private> dp: array<vec4f, BLOCK>;
var<private> dscore: array<f32, BLOCK>;
var<private> norm: array<f32, BLOCK>;
var<private> dot: array<f32, BLOCK>;
var<private> slotDot: vec4f;

fn loadQuery(start: u32, atQuery: u32, atOut: u32, atDout: u32, scale: f32, slot: u32) {
  for (var d = start; d < segmentEnd(start); d++) {
    let x = vec4f(queries[atQuery + d]) * scale;
    let y = vec4f(dout[atDout + d]);
    slotDot = fma(y, vec4f(out[atOut + d]), slotDot);
    for (var j = 0u; j < BLOCK; j++) {
      q[j][d] = select(q[j][d], x, slot == j);
      g[j][d] = select(g[j][d], y, slot == j);
    }
  }
}

fn multiplyKey(start: u32, atKey: u32, atValue: u32) {
  for (var d = start; d < segmentEnd(start); d++) {
    k[d] = vec4f(keys[atKey + d]);
    let v = vec4f(values[atValue + d]);
    for (var j = 0u; j < BLOCK; j++) {
      score[j] = fma(q[j][d], k[d], score[j]);
      dp[j] = fma(g[j][d], v, dp[j]);
    }
  }
}

fn addKey(start: u32) {
  for (var d = start; d < segmentEnd(start); d++) {
    for (var j = 0u; j < BLOCK; j++) {
      dq[j][d] = fma(vec4f(dscore[j]), k[d], dq[j][d]);
    }
  }
}

fn storeQuery(start: u32, at: u32, scale: f32, slot: u32) {
  for (var d = start; d < segmentEnd(start); d++) {
    var x = vec4f(0.0);
    for (var j = 0u; j < BLOCK; j++) {
      x = select(x, dq[j][d], slot == j);
    }
    dqueries[at + d] = scalar4(x * scale);
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
  let column = (row % HEADS) * HEAD_SIZE;
  let sequence = (row / HEADS) * CONTEXT;
  let keyColumn = ((row % HEADS) * KEY_VALUE_HEADS / HEADS) * HEAD_SIZE;
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  let end = min(CONTEXT, first + BLOCK);
  for (var query = first; query < end; query++) {
    let atQuery = ((sequence + query) * QUERY_STRIDE + QUERY_OFFSET + column) / 4u;
    let atOut = ((sequence + query) * OUT_STRIDE + OUT_OFFSET + column) / 4u;
    let atDout = ((sequence + query) * DOUT_STRIDE + DOUT_OFFSET + column) / 4u;
    let slotNorm = logSumExp[row * CONTEXT + query];
    slotDot = vec4f(0.0);
    loadQuery(0u, atQuery, atOut, atDout, scale, query - first);
    if (HEAD_SIZE > 16u) {
      loadQuery(4u, atQuery, atOut, atDout, scale, query - first);
    }
    if (HEAD_SIZE > 32u) {
      loadQuery(8u, atQuery, atOut, atDout, scale, query - first);
    }
    if (HEAD_SIZE > 48u) {
      loadQuery(12u, atQuery, atOut, atDout, scale, query - first);
    }
    let x = (slotDot.x + slotDot.y) + (slotDot.z + slotDot.w);
    rowDot[row * CONTEXT + query] = x;
    for (var j = 0u; j < BLOCK; j++) {
      dot[j] = select(dot[j], x, query - first == j);
      norm[j] = select(norm[j], slotNorm, query - first == j);
    }
  }
  for (var key = 0u; key < end; key++) {
    let atKey = ((sequence + key) * KEY_STRIDE + KEY_OFFSET + keyColumn) / 4u;
    let atValue = ((sequence + key) * VALUE_STRIDE + VALUE_OFFSET + keyColumn) / 4u;
    for (var j = 0u; j < BLOCK; j++) {
      score[j] = vec4f(0.0);
      dp[j] = vec4f(0.0);
    }
    multiplyKey(0u, atKey, atValue);
    if (HEAD_SIZE > 16u) {
      multiplyKey(4u, atKey, atValue);
    }
    if (HEAD_SIZE > 32u) {
      multiplyKey(8u, atKey, atValue);
    }
    if (HEAD_SIZE > 48u) {
      multiplyKey(12u, atKey, atValue);
    }
    for (var j = 0u; j < BLOCK; j++) {
      let x = (score[j].x + score[j].y) + (score[j].z + score[j].w);
      let y = (dp[j].x + dp[j].y) + (dp[j].z + dp[j].w);
      let p = select(0.0, exp(x - norm[j]), key <= first + j);
      dscore[j] = p * (y - dot[j]);
    }
    addKey(0u);
    if (HEAD_SIZE > 16u) {
      addKey(4u);
    }
    if (HEAD_SIZE > 32u) {
      addKey(8u);
    }
    if (HEAD_SIZE > 48u) {
      addKey(12u);
    }
  }
  for (var query = first; query < end; query++) {
    let at = ((sequence + query) * DQUERY_STRIDE + DQUERY_OFFSET + column) / 4u;
    storeQuery(0u, at, scale, query - first);
    if (HEAD_SIZE > 16u) {
      storeQuery(4u, at, scale, query - first);
    }
    if (HEAD_SIZE > 32u) {
      storeQuery(8u, at, scale, query - first);
    }
    if (HEAD_SIZE > 48u) {
      storeQuery(12u, at, scale, query - first);
    }
  }
}

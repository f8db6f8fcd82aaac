// Gradient of causal attention with respect to the queries, the form for GPUs. Run before attention_key_value_backward.
// B batch, T context, H query heads, Hkv key-value heads (a divisor of H), D head size (at most 128).
//   queries [B, T, H, D] · keys, values [B, T, Hkv, D] · dout [B, T, H, D]
//   out [B, T, H, D] and logSumExp [B, H, T] f32 of the forward pass
//   dqueries [B, T, H, D] · rowDot [B, H, T] f32: out·dout of each query, for the other kernel
//   A tensor's row t of sequence b starts at element (b·T + t)·STRIDE + OFFSET of its binding, so all may share a matrix.
// Formula (Dao 2023): p = exp(q·k/√D - logSumExp); dscore = p·(dout·v - rowDot); dq = Σ_{s≤t} dscore·k[s]/√D. Overwrites.
// Tiles as in attention_forward.wgsl: a workgroup 32 queries of a head, walking the keys. WORKGROUP must be 64.
// Grid ⌈T / 32⌉ × B·H, the longest first.
override OUT_STRIDE: u32;
override OUT_OFFSET: u32;
override DOUT_STRIDE: u32;
override DOUT_OFFSET: u32;
override DQUERY_STRIDE: u32;
override DQUERY_OFFSET: u32;

@group(0) @binding(3) var<storage, read> out: array<scalar>;
@group(0) @binding(4) var<storage, read> logSumExp: array<f32>;
@group(0) @binding(5) var<storage, read> dout: array<scalar>;
@group(0) @binding(6) var<storage, read_write> dqueries: array<scalar>;
@group(0) @binding(7) var<storage, read_write> rowDot: array<f32>;

var<workgroup> dots: array<f32, TILE>;

// First elements of this head in row 0 of this sequence.
var<private> atDout: u32;
var<private> atDquery: u32;

// As queryAt.
fn doutAt(row: u32, column: u32) -> vec4f {
  let at = atDout + row * DOUT_STRIDE + column;
  let x = vec4f(f32(dout[at]), f32(dout[at + 1u]), f32(dout[at + 2u]), f32(dout[at + 3u]));
  let columns = vec4u(column, column + 1u, column + 2u, column + 3u);
  return select(vec4f(0.0), x, (columns < vec4u(HEAD_SIZE)) & vec4<bool>(row < CONTEXT));
}

fn storeDquery(row: u32, column: u32, x: vec4f) {
  let at = atDquery + row * DQUERY_STRIDE + column;
  for (var e = 0u; e < 4u; e++) {
    if (row < CONTEXT && column + e < HEAD_SIZE) {
      dqueries[at + e] = scalar(x[e]);
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
  let column = (group.y % HEADS) * HEAD_SIZE;
  let keyColumn = ((group.y % HEADS) * KEY_VALUE_HEADS / HEADS) * HEAD_SIZE;
  atQuery = sequence * QUERY_STRIDE + QUERY_OFFSET + column;
  atKey = sequence * KEY_STRIDE + KEY_OFFSET + keyColumn;
  atValue = sequence * VALUE_STRIDE + VALUE_OFFSET + keyColumn;
  atDout = sequence * DOUT_STRIDE + DOUT_OFFSET + column;
  atDquery = sequence * DQUERY_STRIDE + DQUERY_OFFSET + column;
  let firstQuery = (groups.x - 1u - group.x) * TILE;
  let ownQuery = firstQuery + local;
  if (local < TILE && ownQuery < CONTEXT) {
    let atOut = (sequence + ownQuery) * OUT_STRIDE + OUT_OFFSET + column;
    var dot = 0.0;
    for (var d = 0u; d < HEAD_SIZE; d++) {
      dot = fma(f32(dout[atDout + ownQuery * DOUT_STRIDE + d]), f32(out[atOut + d]), dot);
    }
    dots[local] = dot;
    rowDot[group.y * CONTEXT + ownQuery] = dot;
  }
  workgroupBarrier();
  let own = vec4u(0u, 8u, 16u, 24u);
  let query = firstQuery + y + own;
  var norm: vec4f;
  var dot: vec4f;
  for (var i = 0u; i < 4u; i++) {
    norm[i] = logSumExp[group.y * CONTEXT + min(query[i], CONTEXT - 1u)];
    dot[i] = dots[query[i] - firstQuery];
  }
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  var sums: array<array<vec4f, 4>, 4>;
  for (var firstKey = 0u; firstKey <= firstQuery; firstKey += TILE) {
    var s = array<vec4f, 4>();
    var dp = array<vec4f, 4>();
    for (var column = 0u; column < HEAD_SIZE; column += TILE) {
      workgroupBarrier();
      for (var i = local; i < TILE * 8u; i += 64u) {
        left[(i / 8u) * PITCH + i % 8u] = queryAt(firstQuery + i / 8u, column + 4u * (i % 8u));
        right[(i / 8u) * PITCH + i % 8u] = keyAt(firstKey + i / 8u, column + 4u * (i % 8u));
      }
      workgroupBarrier();
      addProducts(&s, x, y);
    }
    for (var column = 0u; column < HEAD_SIZE; column += TILE) {
      workgroupBarrier();
      for (var i = local; i < TILE * 8u; i += 64u) {
        left[(i / 8u) * PITCH + i % 8u] = doutAt(firstQuery + i / 8u, column + 4u * (i % 8u));
        right[(i / 8u) * PITCH + i % 8u] = valueAt(firstKey + i / 8u, column + 4u * (i % 8u));
      }
      workgroupBarrier();
      addProducts(&dp, x, y);
    }
    for (var i = 0u; i < 4u; i++) {
      let p = exp(s[i] * scale - norm[i]);
      s[i] = select(vec4f(0.0), p * (dp[i] - dot[i]), firstKey + x + own <= vec4u(query[i]));
    }
    storeWeights(s, x, y);
    for (var chunk = 0u; chunk < 4u; chunk++) {
      if (chunk * TILE < HEAD_SIZE) {
        workgroupBarrier();
        for (var i = local; i < TILE * 8u; i += 64u) {
          right[(i / 8u) * PITCH + i % 8u] = keyAt(firstKey + i / 8u, chunk * TILE + 4u * (i % 8u));
        }
        workgroupBarrier();
        var part = sums[chunk];
        addWeighted(&part, x, y);
        sums[chunk] = part;
      }
    }
  }
  for (var i = 0u; i < 4u; i++) {
    for (var chunk = 0u; chunk < 4u; chunk++) {
      storeDquery(query[i], chunk * TILE + 4u * x, sums[chunk][i] * scale);
    }
  }
}

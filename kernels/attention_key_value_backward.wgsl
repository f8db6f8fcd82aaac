// Gradient of causal attention with respect to keys and values, the form for GPUs. Run after attention_query_backward.
// B batch, T context, H query heads, Hkv key-value heads (a divisor of H), D head size (at most 128).
//   queries [B, T, H, D] · keys, values [B, T, Hkv, D] · dout [B, T, H, D]
//   logSumExp, rowDot [B, H, T] f32 of the forward pass and of attention_query_backward
//   dkeys, dvalues [B, T, Hkv, D]. With SHARED 1 both go to the binding of dkeys, because WebGPU forbids binding one buffer
//   twice for writing, and what is bound as dvalues is left alone.
//   A tensor's row t of sequence b starts at element (b·T + t)·STRIDE + OFFSET of its binding, so all may share a matrix.
// Formula (Dao 2023): dv[s] = Σ_{t≥s} p·dout[t]; dk[s] = Σ_{t≥s} p·(dout[t]·v[s] - rowDot[t])·q[t]/√D, over the query heads
// of the group in order, so the same bits every time. Overwrites. Tiles as in attention_forward.wgsl, the other way about:
// a workgroup 32 keys of a head, walking the queries from its own diagonal on. WORKGROUP must be 64.
// Grid ⌈T / 32⌉ × B·Hkv, the longest first.
override DOUT_STRIDE: u32;
override DOUT_OFFSET: u32;
override DKEY_STRIDE: u32;
override DKEY_OFFSET: u32;
override DVALUE_STRIDE: u32;
override DVALUE_OFFSET: u32;
override SHARED: u32 = 0;

@group(0) @binding(3) var<storage, read> logSumExp: array<f32>;
@group(0) @binding(4) var<storage, read> rowDot: array<f32>;
@group(0) @binding(5) var<storage, read> dout: array<scalar>;
@group(0) @binding(6) var<storage, read_write> dkeys: array<scalar>;
@group(0) @binding(7) var<storage, read_write> dvalues: array<scalar>;

// First elements of the head in row 0 of this sequence.
var<private> atDout: u32;

// As queryAt.
fn doutAt(row: u32, column: u32) -> vec4f {
  let at = atDout + row * DOUT_STRIDE + column;
  let x = vec4f(f32(dout[at]), f32(dout[at + 1u]), f32(dout[at + 2u]), f32(dout[at + 3u]));
  let columns = vec4u(column, column + 1u, column + 2u, column + 3u);
  return select(vec4f(0.0), x, (columns < vec4u(HEAD_SIZE)) & vec4<bool>(row < CONTEXT));
}

fn storeKey(at: u32, column: u32, dk: vec4f) {
  for (var e = 0u; e < 4u; e++) {
    if (column + e < HEAD_SIZE) {
      dkeys[at + e] = scalar(dk[e]);
    }
  }
}

fn storeValue(at: u32, column: u32, dv: vec4f) {
  for (var e = 0u; e < 4u; e++) {
    if (column + e < HEAD_SIZE) {
      if (SHARED == 1u) {
        dkeys[at + e] = scalar(dv[e]);
      } else {
        dvalues[at + e] = scalar(dv[e]);
      }
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  // This invocation's rows of a tile are y, y + 8, y + 16, y + 24; its streamed rows x and so on; its columns 4x … 4x + 3.
  let x = local % 8u;
  let y = local / 8u;
  let groupSize = HEADS / KEY_VALUE_HEADS;
  let batch = group.y / KEY_VALUE_HEADS;
  let keyHead = group.y % KEY_VALUE_HEADS;
  let sequence = batch * CONTEXT;
  atKey = sequence * KEY_STRIDE + KEY_OFFSET + keyHead * HEAD_SIZE;
  atValue = sequence * VALUE_STRIDE + VALUE_OFFSET + keyHead * HEAD_SIZE;
  let firstKey = group.x * TILE;
  let own = vec4u(0u, 8u, 16u, 24u);
  let key = firstKey + y + own;
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  var dk: array<array<vec4f, 4>, 4>;
  var dv: array<array<vec4f, 4>, 4>;
  for (var head = keyHead * groupSize; head < (keyHead + 1u) * groupSize; head++) {
    atQuery = sequence * QUERY_STRIDE + QUERY_OFFSET + head * HEAD_SIZE;
    atDout = sequence * DOUT_STRIDE + DOUT_OFFSET + head * HEAD_SIZE;
    for (var firstQuery = firstKey; firstQuery < CONTEXT; firstQuery += TILE) {
      var s = array<vec4f, 4>();
      var dp = array<vec4f, 4>();
      for (var column = 0u; column < HEAD_SIZE; column += TILE) {
        workgroupBarrier();
        for (var i = local; i < TILE * 8u; i += 64u) {
          left[(i / 8u) * PITCH + i % 8u] = keyAt(firstKey + i / 8u, column + 4u * (i % 8u));
          right[(i / 8u) * PITCH + i % 8u] = queryAt(firstQuery + i / 8u, column + 4u * (i % 8u));
        }
        workgroupBarrier();
        addProducts(&s, x, y);
      }
      for (var column = 0u; column < HEAD_SIZE; column += TILE) {
        workgroupBarrier();
        for (var i = local; i < TILE * 8u; i += 64u) {
          left[(i / 8u) * PITCH + i % 8u] = valueAt(firstKey + i / 8u, column + 4u * (i % 8u));
          right[(i / 8u) * PITCH + i % 8u] = doutAt(firstQuery + i / 8u, column + 4u * (i % 8u));
        }
        workgroupBarrier();
        addProducts(&dp, x, y);
      }
      let query = firstQuery + x + own;
      var norm: vec4f;
      var dot: vec4f;
      for (var j = 0u; j < 4u; j++) {
        let row = (batch * HEADS + head) * CONTEXT + min(query[j], CONTEXT - 1u);
        norm[j] = logSumExp[row];
        dot[j] = rowDot[row];
      }
      for (var i = 0u; i < 4u; i++) {
        let isVisible = (vec4u(key[i]) <= query) & (query < vec4u(CONTEXT));
        s[i] = select(vec4f(0.0), exp(s[i] * scale - norm), isVisible);
        dp[i] = s[i] * (dp[i] - dot);
      }
      storeWeights(s, x, y);
      for (var chunk = 0u; chunk < 4u; chunk++) {
        if (chunk * TILE < HEAD_SIZE) {
          workgroupBarrier();
          for (var i = local; i < TILE * 8u; i += 64u) {
            right[(i / 8u) * PITCH + i % 8u] = doutAt(firstQuery + i / 8u, chunk * TILE + 4u * (i % 8u));
          }
          workgroupBarrier();
          var part = dv[chunk];
          addWeighted(&part, x, y);
          dv[chunk] = part;
        }
      }
      workgroupBarrier();
      storeWeights(dp, x, y);
      for (var chunk = 0u; chunk < 4u; chunk++) {
        if (chunk * TILE < HEAD_SIZE) {
          workgroupBarrier();
          for (var i = local; i < TILE * 8u; i += 64u) {
            right[(i / 8u) * PITCH + i % 8u] = queryAt(firstQuery + i / 8u, chunk * TILE + 4u * (i % 8u));
          }
          workgroupBarrier();
          var part = dk[chunk];
          addWeighted(&part, x, y);
          dk[chunk] = part;
        }
      }
    }
  }
  for (var i = 0u; i < 4u; i++) {
    if (key[i] < CONTEXT) {
      let atDkey = (sequence + key[i]) * DKEY_STRIDE + DKEY_OFFSET + keyHead * HEAD_SIZE;
      let atDvalue = (sequence + key[i]) * DVALUE_STRIDE + DVALUE_OFFSET + keyHead * HEAD_SIZE;
      for (var chunk = 0u; chunk < 4u; chunk++) {
        let column = chunk * TILE + 4u * x;
        storeKey(atDkey + column, column, dk[chunk][i] * scale);
        storeValue(atDvalue + column, column, dv[chunk][i]);
      }
    }
  }
}

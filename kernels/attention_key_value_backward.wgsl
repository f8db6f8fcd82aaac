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

// Rows of a tile, and columns of a head that are staged together.
const TILE = 32u;
// Vectors from one staged row to the next: 8, and one that spreads the rows over the memory's banks.
const PITCH = 9u;

@group(0) @binding(0) var<storage, read> queries: array<scalar>;
@group(0) @binding(1) var<storage, read> keys: array<scalar>;
@group(0) @binding(2) var<storage, read> values: array<scalar>;
@group(0) @binding(3) var<storage, read> logSumExp: array<f32>;
@group(0) @binding(4) var<storage, read> rowDot: array<f32>;
@group(0) @binding(5) var<storage, read> dout: array<scalar>;
@group(0) @binding(6) var<storage, read_write> dkeys: array<scalar>;
@group(0) @binding(7) var<storage, read_write> dvalues: array<scalar>;

var<workgroup> left: array<vec4f, TILE * PITCH>;
var<workgroup> right: array<vec4f, TILE * PITCH>;
var<workgroup> weights: array<vec4f, TILE * 8u>;

// First elements of the head in row 0 of this sequence.
var<private> atQuery: u32;
var<private> atKey: u32;
var<private> atValue: u32;
var<private> atDout: u32;

// Four elements of a row; zeros beyond the head and the context.
fn queryAt(row: u32, column: u32) -> vec4f {
  let at = atQuery + row * QUERY_STRIDE + column;
  let x = vec4f(f32(queries[at]), f32(queries[at + 1u]), f32(queries[at + 2u]), f32(queries[at + 3u]));
  let columns = vec4u(column, column + 1u, column + 2u, column + 3u);
  return select(vec4f(0.0), x, (columns < vec4u(HEAD_SIZE)) & vec4<bool>(row < CONTEXT));
}

fn keyAt(row: u32, column: u32) -> vec4f {
  let at = atKey + row * KEY_STRIDE + column;
  let x = vec4f(f32(keys[at]), f32(keys[at + 1u]), f32(keys[at + 2u]), f32(keys[at + 3u]));
  let columns = vec4u(column, column + 1u, column + 2u, column + 3u);
  return select(vec4f(0.0), x, (columns < vec4u(HEAD_SIZE)) & vec4<bool>(row < CONTEXT));
}

fn valueAt(row: u32, column: u32) -> vec4f {
  let at = atValue + row * VALUE_STRIDE + column;
  let x = vec4f(f32(values[at]), f32(values[at + 1u]), f32(values[at + 2u]), f32(values[at + 3u]));
  let columns = vec4u(column, column + 1u, column + 2u, column + 3u);
  return select(vec4f(0.0), x, (columns < vec4u(HEAD_SIZE)) & vec4<bool>(row < CONTEXT));
}

fn doutAt(row: u32, column: u32) -> vec4f {
  let at = atDout + row * DOUT_STRIDE + column;
  let x = vec4f(f32(dout[at]), f32(dout[at + 1u]), f32(dout[at + 2u]), f32(dout[at + 3u]));
  let columns = vec4u(column, column + 1u, column + 2u, column + 3u);
  return select(vec4f(0.0), x, (columns < vec4u(HEAD_SIZE)) & vec4<bool>(row < CONTEXT));
}

fn multiplyAdd(a: vec4f, b: vec4f, sum: f32) -> f32 {
  return fma(a.x, b.x, fma(a.y, b.y, fma(a.z, b.z, fma(a.w, b.w, sum))));
}

// Products of this invocation's 4 rows of `left` with its 4 of `right`, over the staged columns, added to `sums`.
fn addProducts(sums: ptr<function, array<vec4f, 4>>, x: u32, y: u32) {
  for (var d = 0u; d < TILE / 4u; d++) {
    let b0 = right[x * PITCH + d];
    let b1 = right[(x + 8u) * PITCH + d];
    let b2 = right[(x + 16u) * PITCH + d];
    let b3 = right[(x + 24u) * PITCH + d];
    for (var i = 0u; i < 4u; i++) {
      let a = left[(y + 8u * i) * PITCH + d];
      let s = (*sums)[i];
      (*sums)[i] = vec4f(
        multiplyAdd(a, b0, s.x),
        multiplyAdd(a, b1, s.y),
        multiplyAdd(a, b2, s.z),
        multiplyAdd(a, b3, s.w),
      );
    }
  }
}

// Adds the rows of `right`, weighted, to this invocation's 4 rows of 4 columns.
fn addWeighted(sums: ptr<function, array<vec4f, 4>>, x: u32, y: u32) {
  for (var s = 0u; s < TILE; s++) {
    let w = weights[s * 8u + y];
    let r = right[s * PITCH + x];
    (*sums)[0] = fma(vec4f(w.x), r, (*sums)[0]);
    (*sums)[1] = fma(vec4f(w.y), r, (*sums)[1]);
    (*sums)[2] = fma(vec4f(w.z), r, (*sums)[2]);
    (*sums)[3] = fma(vec4f(w.w), r, (*sums)[3]);
  }
}

// Lays this invocation's 4 × 4 weights out for addWeighted: streamed row by streamed row, its own 4 rows in one vector.
fn storeWeights(w: array<vec4f, 4>, x: u32, y: u32) {
  weights[x * 8u + y] = vec4f(w[0].x, w[1].x, w[2].x, w[3].x);
  weights[(x + 8u) * 8u + y] = vec4f(w[0].y, w[1].y, w[2].y, w[3].y);
  weights[(x + 16u) * 8u + y] = vec4f(w[0].z, w[1].z, w[2].z, w[3].z);
  weights[(x + 24u) * 8u + y] = vec4f(w[0].w, w[1].w, w[2].w, w[3].w);
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

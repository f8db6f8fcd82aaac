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
override DKEY_STRIDE: u32;
override DKEY_OFFSET: u32;
override DVALUE_STRIDE: u32;
override DVALUE_OFFSET: u32;
override SHARED: u32 = 0;

@group(0) @binding(3) var<storage, read> logSumExp: array<f32>;
@group(0) @binding(4) var<storage, read> rowDot: array<f32>;
@group(0) @binding(6) var<storage, read_write> dkeys: array<scalar>;
@group(0) @binding(7) var<storage, read_write> dvalues: array<scalar>;

var<workgroup> left: array<vec4f, TILE * 8u>;

fn storeKey(at: u32, column: u32, x: f32) {
  if (column < HEAD_SIZE) {
    dkeys[at + column] = scalar(x);
  }
}

fn storeValue(at: u32, column: u32, x: f32) {
  if (column < HEAD_SIZE) {
    if (SHARED == 1u) {
      dkeys[at + column] = scalar(x);
    } else {
      dvalues[at + column] = scalar(x);
    }
  }
}

// Four columns of both gradients of a key; `row` counts from the batch's first, `keyColumn` is where the head begins.
fn storeFour(key: u32, row: u32, keyColumn: u32, column: u32, dk: vec4f, dv: vec4f) {
  if (key >= CONTEXT) {
    return;
  }
  let atKeys = row * DKEY_STRIDE + DKEY_OFFSET + keyColumn;
  let atValues = row * DVALUE_STRIDE + DVALUE_OFFSET + keyColumn;
  storeKey(atKeys, column, dk.x);
  storeKey(atKeys, column + 1u, dk.y);
  storeKey(atKeys, column + 2u, dk.z);
  storeKey(atKeys, column + 3u, dk.w);
  storeValue(atValues, column, dv.x);
  storeValue(atValues, column + 1u, dv.y);
  storeValue(atValues, column + 2u, dv.z);
  storeValue(atValues, column + 3u, dv.w);
}

fn storeColumns(firstKey: u32, sequence: u32, keyColumn: u32, column: u32, dk: mat4x4f, dv: mat4x4f) {
  let row = sequence + firstKey;
  storeFour(firstKey, row, keyColumn, column, dk[0], dv[0]);
  storeFour(firstKey + 8u, row + 8u, keyColumn, column, dk[1], dv[1]);
  storeFour(firstKey + 16u, row + 16u, keyColumn, column, dk[2], dv[2]);
  storeFour(firstKey + 24u, row + 24u, keyColumn, column, dk[3], dv[3]);
}

// Adds the weighted dout, or queries, of 32 columns to the sums so far.
fn addDouts(sums: mat4x4f, firstQuery: u32, column: u32, x: u32, y: u32) -> mat4x4f {
  stageRight(doutRows(firstQuery + y, column + 4u * x), place(y, x));
  return addWeighted(sums, x, y);
}

fn addQueries(sums: mat4x4f, firstQuery: u32, column: u32, x: u32, y: u32) -> mat4x4f {
  stageRight(queryRows(firstQuery + y, column + 4u * x), place(y, x));
  return addWeighted(sums, x, y);
}

// Probabilities of a key for the queries query, query + 8, …; zero for those that do not see it.
fn probabilities(s: vec4f, norm: vec4f, key: u32, query: vec4u) -> vec4f {
  return select(vec4f(0.0), exp(s - norm), (vec4u(key) <= query) & (query < vec4u(CONTEXT)));
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
  let keyColumn = keyHead * HEAD_SIZE;
  let sequence = batch * CONTEXT;
  atKey = sequence * KEY_STRIDE + KEY_OFFSET + keyColumn;
  atValue = sequence * VALUE_STRIDE + VALUE_OFFSET + keyColumn;
  let firstKey = group.x * TILE;
  let key = firstKey + y;
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  // Columns 0 to 31, 32 to 63, …; a row in each column of the matrix.
  var dk0 = mat4x4f();
  var dk1 = mat4x4f();
  var dk2 = mat4x4f();
  var dk3 = mat4x4f();
  var dv0 = mat4x4f();
  var dv1 = mat4x4f();
  var dv2 = mat4x4f();
  var dv3 = mat4x4f();
  for (var head = keyHead * groupSize; head < (keyHead + 1u) * groupSize; head++) {
    atQuery = sequence * QUERY_STRIDE + QUERY_OFFSET + head * HEAD_SIZE;
    atDout = sequence * DOUT_STRIDE + DOUT_OFFSET + head * HEAD_SIZE;
    let statistics = (batch * HEADS + head) * CONTEXT;
    for (var firstQuery = firstKey; firstQuery < CONTEXT; firstQuery += TILE) {
      var s = mat4x4f();
      var dp = mat4x4f();
      for (var column = 0u; column < HEAD_SIZE; column += TILE) {
        stage(keyRows(key, column + 4u * x), queryRows(firstQuery + y, column + 4u * x), place(y, x));
        s = addProducts(s, 0u, x, y);
        stage(valueRows(key, column + 4u * x), doutRows(firstQuery + y, column + 4u * x), place(y, x));
        dp = addProducts(dp, 0u, x, y);
      }
      let query = firstQuery + x + vec4u(0u, 8u, 16u, 24u);
      let at = statistics + min(query, vec4u(CONTEXT - 1u));
      let norm = vec4f(logSumExp[at.x], logSumExp[at.y], logSumExp[at.z], logSumExp[at.w]);
      let dot = vec4f(rowDot[at.x], rowDot[at.y], rowDot[at.z], rowDot[at.w]);
      s *= scale;
      let p = mat4x4f(
        probabilities(s[0], norm, key, query),
        probabilities(s[1], norm, key + 8u, query),
        probabilities(s[2], norm, key + 16u, query),
        probabilities(s[3], norm, key + 24u, query),
      );
      let ds = mat4x4f(p[0] * (dp[0] - dot), p[1] * (dp[1] - dot), p[2] * (dp[2] - dot), p[3] * (dp[3] - dot));
      storeWeights(p, x, y);
      dv0 = addDouts(dv0, firstQuery, 0u, x, y);
      if (HEAD_SIZE > TILE) {
        dv1 = addDouts(dv1, firstQuery, TILE, x, y);
      }
      if (HEAD_SIZE > 2u * TILE) {
        dv2 = addDouts(dv2, firstQuery, 2u * TILE, x, y);
      }
      if (HEAD_SIZE > 3u * TILE) {
        dv3 = addDouts(dv3, firstQuery, 3u * TILE, x, y);
      }
      workgroupBarrier();
      storeWeights(ds, x, y);
      dk0 = addQueries(dk0, firstQuery, 0u, x, y);
      if (HEAD_SIZE > TILE) {
        dk1 = addQueries(dk1, firstQuery, TILE, x, y);
      }
      if (HEAD_SIZE > 2u * TILE) {
        dk2 = addQueries(dk2, firstQuery, 2u * TILE, x, y);
      }
      if (HEAD_SIZE > 3u * TILE) {
        dk3 = addQueries(dk3, firstQuery, 3u * TILE, x, y);
      }
    }
  }
  storeColumns(key, sequence, keyColumn, 4u * x, dk0 * scale, dv0);
  if (HEAD_SIZE > TILE) {
    storeColumns(key, sequence, keyColumn, TILE + 4u * x, dk1 * scale, dv1);
  }
  if (HEAD_SIZE > 2u * TILE) {
    storeColumns(key, sequence, keyColumn, 2u * TILE + 4u * x, dk2 * scale, dv2);
  }
  if (HEAD_SIZE > 3u * TILE) {
    storeColumns(key, sequence, keyColumn, 3u * TILE + 4u * x, dk3 * scale, dv3);
  }
}

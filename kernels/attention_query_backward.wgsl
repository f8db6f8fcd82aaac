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
override DQUERY_STRIDE: u32;
override DQUERY_OFFSET: u32;

@group(0) @binding(4) var<storage, read> logSumExp: array<f32>;
@group(0) @binding(6) var<storage, read_write> dqueries: array<scalar>;
@group(0) @binding(7) var<storage, read_write> rowDot: array<f32>;

var<workgroup> left: array<vec4f, TILE * 8u>;

// First element of this head in row 0 of this sequence.
var<private> atDquery: u32;

fn storeOne(row: u32, column: u32, x: f32) {
  if (row < CONTEXT && column < HEAD_SIZE) {
    dqueries[atDquery + row * DQUERY_STRIDE + column] = scalar(x);
  }
}

fn storeDquery(row: u32, column: u32, x: vec4f) {
  storeOne(row, column, x.x);
  storeOne(row, column + 1u, x.y);
  storeOne(row, column + 2u, x.z);
  storeOne(row, column + 3u, x.w);
}

fn storeColumns(firstQuery: u32, column: u32, sums: mat4x4f) {
  storeDquery(firstQuery, column, sums[0]);
  storeDquery(firstQuery + 8u, column, sums[1]);
  storeDquery(firstQuery + 16u, column, sums[2]);
  storeDquery(firstQuery + 24u, column, sums[3]);
}

// out·dout of an own row, of four columns; `atOut` is the head in row 0 of the sequence.
fn dotOf(atOut: u32, row: u32, column: u32) -> f32 {
  let ours = visible(fourOuts(atOut + row * OUT_STRIDE + column), row, column);
  return dot(ours, doutAt(row, column));
}

// Adds the weighted keys of 32 columns to the sums so far.
fn addKeys(sums: mat4x4f, firstKey: u32, column: u32, x: u32, y: u32) -> mat4x4f {
  stageRight(keyRows(firstKey + y, column + 4u * x), place(y, x));
  return addWeighted(sums, x, y);
}

// Gradients of a query's scores; those of hidden keys zero.
fn dscores(s: vec4f, dp: vec4f, norm: f32, dot: f32, key: u32, query: u32) -> vec4f {
  let p = exp(s - vec4f(norm));
  return select(vec4f(0.0), p * (dp - vec4f(dot)), key + vec4u(0u, 8u, 16u, 24u) <= vec4u(query));
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
  let headColumn = (group.y % HEADS) * HEAD_SIZE;
  let keyColumn = ((group.y % HEADS) * KEY_VALUE_HEADS / HEADS) * HEAD_SIZE;
  atQuery = sequence * QUERY_STRIDE + QUERY_OFFSET + headColumn;
  atKey = sequence * KEY_STRIDE + KEY_OFFSET + keyColumn;
  atValue = sequence * VALUE_STRIDE + VALUE_OFFSET + keyColumn;
  atDout = sequence * DOUT_STRIDE + DOUT_OFFSET + headColumn;
  atDquery = sequence * DQUERY_STRIDE + DQUERY_OFFSET + headColumn;
  let atOut = sequence * OUT_STRIDE + OUT_OFFSET + headColumn;
  let firstQuery = (groups.x - 1u - group.x) * TILE;
  let query = firstQuery + y;
  var dot = vec4f(0.0);
  for (var column = 4u * x; column < HEAD_SIZE; column += TILE) {
    dot += vec4f(
      dotOf(atOut, query, column),
      dotOf(atOut, query + 8u, column),
      dotOf(atOut, query + 16u, column),
      dotOf(atOut, query + 24u, column),
    );
  }
  // Added up over the eight invocations of a row. `weights` carries it: it is free before the first tile.
  weights[local] = dot;
  workgroupBarrier();
  dot = vec4f(0.0);
  for (var i = 0u; i < 8u; i++) {
    dot += weights[y * 8u + i];
  }
  let statistics = group.y * CONTEXT;
  if (x < 4u && query + 8u * x < CONTEXT) {
    rowDot[statistics + query + 8u * x] = dot[x];
  }
  let norm = vec4f(
    logSumExp[statistics + min(query, CONTEXT - 1u)],
    logSumExp[statistics + min(query + 8u, CONTEXT - 1u)],
    logSumExp[statistics + min(query + 16u, CONTEXT - 1u)],
    logSumExp[statistics + min(query + 24u, CONTEXT - 1u)],
  );
  let scale = 1.0 / sqrt(f32(HEAD_SIZE));
  // Columns 0 to 31, 32 to 63, …; a row in each column of the matrix.
  var sums0 = mat4x4f();
  var sums1 = mat4x4f();
  var sums2 = mat4x4f();
  var sums3 = mat4x4f();
  for (var firstKey = 0u; firstKey <= firstQuery; firstKey += TILE) {
    var s = mat4x4f();
    var dp = mat4x4f();
    for (var column = 0u; column < HEAD_SIZE; column += TILE) {
      stage(queryRows(query, column + 4u * x), keyRows(firstKey + y, column + 4u * x), place(y, x));
      s = addProducts(s, 0u, x, y);
      stage(doutRows(query, column + 4u * x), valueRows(firstKey + y, column + 4u * x), place(y, x));
      dp = addProducts(dp, 0u, x, y);
    }
    s *= scale;
    let key = firstKey + x;
    let ds = mat4x4f(
      dscores(s[0], dp[0], norm.x, dot.x, key, query),
      dscores(s[1], dp[1], norm.y, dot.y, key, query + 8u),
      dscores(s[2], dp[2], norm.z, dot.z, key, query + 16u),
      dscores(s[3], dp[3], norm.w, dot.w, key, query + 24u),
    );
    storeWeights(ds, x, y);
    sums0 = addKeys(sums0, firstKey, 0u, x, y);
    if (HEAD_SIZE > TILE) {
      sums1 = addKeys(sums1, firstKey, TILE, x, y);
    }
    if (HEAD_SIZE > 2u * TILE) {
      sums2 = addKeys(sums2, firstKey, 2u * TILE, x, y);
    }
    if (HEAD_SIZE > 3u * TILE) {
      sums3 = addKeys(sums3, firstKey, 3u * TILE, x, y);
    }
  }
  storeColumns(query, 4u * x, sums0 * scale);
  if (HEAD_SIZE > TILE) {
    storeColumns(query, TILE + 4u * x, sums1 * scale);
  }
  if (HEAD_SIZE > 2u * TILE) {
    storeColumns(query, 2u * TILE + 4u * x, sums2 * scale);
  }
  if (HEAD_SIZE > 3u * TILE) {
    storeColumns(query, 3u * TILE + 4u * x, sums3 * scale);
  }
}

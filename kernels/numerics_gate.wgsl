// What training needs of an adapter's arithmetic, in small: a matrix product, a softmax and a normalisation of each row.
//   a [ROWS, INNER] · b [COLUMNS, INNER], INNER a multiple of 4 · probes [2] · y [ROWS, 4, COLUMNS] · edges [2]
// Formula, row by row: y₀ = a·bᵀ with f32 products; y₁ = the same with products of scalars; y₂ = softmax(y₀);
//   y₃ = (y₀ - mean) / √(variance + 1e-5). edges[0] = probes[0]·2, which overflows in f16 and must not become finite, or an
//   overflow in training would pass unseen; edges[1] = probes[1] + probes[1], small and exact. Overwrites y and edges.
// One invocation a row; grid ROWS.
override ROWS: u32;
override COLUMNS: u32;
override INNER: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> a: array<scalar4>;
@group(0) @binding(1) var<storage, read> b: array<scalar4>;
@group(0) @binding(2) var<storage, read> probes: array<scalar>;
@group(0) @binding(3) var<storage, read_write> y: array<scalar>;
@group(0) @binding(4) var<storage, read_write> edges: array<scalar>;

fn product(row: u32, column: u32) -> vec2f {
  var sums = vec2f(0.0);
  for (var k = 0u; k < INNER / 4u; k++) {
    let left = a[row * (INNER / 4u) + k];
    let right = b[column * (INNER / 4u) + k];
    sums.x += dot(vec4f(left), vec4f(right));
    sums.y += dot(vec4f(left * right), vec4f(1.0));
  }
  return sums;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = group.x * WORKGROUP + local;
  if (row >= ROWS) {
    return;
  }
  let base = row * 4u * COLUMNS;
  var largest = -3.0e38;
  var mean = 0.0;
  for (var column = 0u; column < COLUMNS; column++) {
    let sums = product(row, column);
    y[base + column] = scalar(sums.x);
    y[base + COLUMNS + column] = scalar(sums.y);
    largest = max(largest, sums.x);
    mean += sums.x / f32(COLUMNS);
  }
  var total = 0.0;
  var variance = 0.0;
  for (var column = 0u; column < COLUMNS; column++) {
    let score = product(row, column).x;
    total += exp(score - largest);
    variance += (score - mean) * (score - mean) / f32(COLUMNS);
  }
  for (var column = 0u; column < COLUMNS; column++) {
    let score = product(row, column).x;
    y[base + 2u * COLUMNS + column] = scalar(exp(score - largest) / total);
    y[base + 3u * COLUMNS + column] = scalar((score - mean) / sqrt(variance + 1e-5));
  }
  if (row == 0u) {
    edges[0] = scalar(f32(probes[0]) * 2.0);
    edges[1] = scalar(f32(probes[1]) * 2.0);
  }
}

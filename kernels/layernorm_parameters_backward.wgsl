// Gradients of layer normalisation's gain and bias.
//   dy [N, C] · x [N, C] · statistics [N, 2]: mean, rstd · dgain [C] · dbias [C]
// Formula: dgain = Σ_n dy · (x - mean)·rstd, dbias = Σ_n dy. Overwrites; ACCUMULATE 1 adds. STRIPES invocations a column,
// always adding in the same order, without atomics (kernels/shared/column_stripes.wgsl); grid ⌈C·STRIPES / WORKGROUP⌉ workgroups.
override ACCUMULATE: u32 = 0;

@group(0) @binding(0) var<storage, read> dy: array<scalar>;
@group(0) @binding(1) var<storage, read> x: array<scalar>;
@group(0) @binding(2) var<storage, read> statistics: array<f32>;
@group(0) @binding(3) var<storage, read_write> dgain: array<f32>;
@group(0) @binding(4) var<storage, read_write> dbias: array<f32>;

fn term(row: u32, column: u32) -> vec2f {
  let g = f32(dy[row * WIDTH + column]);
  return vec2f(g * (f32(x[row * WIDTH + column]) - statistics[2u * row]) * statistics[2u * row + 1u], g);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let columns = WORKGROUP / STRIPES;
  let column = (group.y * groups.x + group.x) * columns + local % columns;
  let stripe = local / columns;
  let end = select(0u, ROWS, column < WIDTH);
  var own = vec2f(0.0);
  if (ACCUMULATE == 1u && stripe == 0u && column < WIDTH) {
    own = vec2f(dgain[column], dbias[column]);
  }
  var row = stripe;
  for (; row + 3u * STRIPES < end; row += 4u * STRIPES) {
    let first = term(row, column);
    let second = term(row + STRIPES, column);
    let third = term(row + 2u * STRIPES, column);
    let fourth = term(row + 3u * STRIPES, column);
    own += first;
    own += second;
    own += third;
    own += fourth;
  }
  for (; row < end; row += STRIPES) {
    own += term(row, column);
  }
  let sums = columnSums(local, own);
  if (stripe == 0u && column < WIDTH) {
    dgain[column] = sums.x;
    dbias[column] = sums.y;
  }
}

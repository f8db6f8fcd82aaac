// Gradient of root-mean-square normalisation's gain.
//   dy [N, C] · x [N, C] · rstd [N] of the forward pass · dgain [C]
// Formula: dgain = Σ_n dy · x·rstd. Overwrites; ACCUMULATE 1 adds. STRIPES invocations a column, always adding in the same
// order, without atomics (kernels/shared/column_stripes.wgsl); grid ⌈C·STRIPES / WORKGROUP⌉ workgroups.
override ACCUMULATE: u32 = 0;

@group(0) @binding(0) var<storage, read> dy: array<scalar>;
@group(0) @binding(1) var<storage, read> x: array<scalar>;
@group(0) @binding(2) var<storage, read> rstd: array<f32>;
@group(0) @binding(3) var<storage, read_write> dgain: array<f32>;

fn term(row: u32, column: u32) -> f32 {
  return f32(dy[row * WIDTH + column]) * f32(x[row * WIDTH + column]) * rstd[row];
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
  var own = 0.0;
  if (ACCUMULATE == 1u && stripe == 0u && column < WIDTH) {
    own = dgain[column];
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
  let sum = columnSums(local, vec2f(own, 0.0)).x;
  if (stripe == 0u && column < WIDTH) {
    dgain[column] = sum;
  }
}

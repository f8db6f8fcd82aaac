// Residual addition and the root-mean-square normalisation of its sum, which so is read once less.
//   x [N, C] · branch [N, C] · gain [C] · sum [N, C] · y [N, C] · rstd [N]: one over the root of the mean square
// Formula: sum = x + branch; y = sum · rstd · gain, of the sum as it is stored, so that a backward pass that reads it sees
// what was normalised. Overwrites sum, y and rstd. EPSILON is added to the mean square.
// LANES invocations a row (kernels/shared/row_lanes.wgsl); grid N·LANES. Pass 1 sum and mean square, pass 2 output.
override EPSILON: f32 = 1e-5;

@group(0) @binding(0) var<storage, read> x: array<scalar>;
@group(0) @binding(1) var<storage, read> branch: array<scalar>;
@group(0) @binding(2) var<storage, read> gain: array<scalar>;
@group(0) @binding(3) var<storage, read_write> sum: array<scalar>;
@group(0) @binding(4) var<storage, read_write> y: array<scalar>;
@group(0) @binding(5) var<storage, read_write> rstd: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = ((group.y * groups.x + group.x) * WORKGROUP + local) / LANES;
  let first = local % LANES;
  let end = select(0u, WIDTH, row < ROWS);
  let base = row * WIDTH;
  var squares = 0.0;
  for (var c = first; c < end; c += LANES) {
    let value = scalar(f32(x[base + c]) + f32(branch[base + c]));
    sum[base + c] = value;
    squares += f32(value) * f32(value);
  }
  let scale = 1.0 / sqrt(rowSums(local, vec2f(squares, 0.0)).x / f32(WIDTH) + EPSILON);
  // Each invocation reads only what it wrote itself.
  for (var c = first; c < end; c += LANES) {
    y[base + c] = scalar(f32(sum[base + c]) * scale * f32(gain[c]));
  }
  if (row < ROWS && first == 0u) {
    rstd[row] = scale;
  }
}

// Root-mean-square normalisation over the last axis (Zhang & Sennrich 2019), as in Llama.
//   x [N, C] · gain [C] · y [N, C] · rstd [N]: one over the root of the mean square
// Formula: y = x · rstd · gain, rstd = 1/√(mean(x²) + EPSILON). Overwrites y and rstd.
// LANES invocations a row (kernels/shared/row_lanes.wgsl); grid N·LANES. Pass 1 the mean square, pass 2 the output.
override EPSILON: f32 = 1e-5;

@group(0) @binding(0) var<storage, read> x: array<scalar>;
@group(0) @binding(1) var<storage, read> gain: array<scalar>;
@group(0) @binding(2) var<storage, read_write> y: array<scalar>;
@group(0) @binding(3) var<storage, read_write> rstd: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = ((group.y * groups.x + group.x) * WORKGROUP + local) / LANES;
  let first = local % LANES;
  let base = row * WIDTH;
  let end = select(0u, WIDTH, row < ROWS);
  var squares = 0.0;
  for (var c = first; c < end; c += LANES) {
    let value = f32(x[base + c]);
    squares += value * value;
  }
  let scale = 1.0 / sqrt(rowSums(local, vec2f(squares, 0.0)).x / f32(WIDTH) + EPSILON);
  for (var c = first; c < end; c += LANES) {
    y[base + c] = scalar(f32(x[base + c]) * scale * f32(gain[c]));
  }
  if (row < ROWS && first == 0u) {
    rstd[row] = scale;
  }
}

// Gradient of layer normalisation with respect to its input.
//   dy [N, C] · x [N, C] · gain [C] · statistics [N, 2]: mean, rstd of the forward pass · dx [N, C]
// Formula: with xhat = (x - mean)·rstd and g = dy·gain, dx = rstd · (g - mean(g) - xhat · mean(g · xhat)).
// ACCUMULATE 1 adds to dx (the residual stream's gradient flows past the block), 0 overwrites.
// LANES invocations a row (kernels/shared/row_lanes.wgsl); grid N·LANES. Pass 1 the two means, pass 2 the output.
override ACCUMULATE: u32 = 0;

@group(0) @binding(0) var<storage, read> dy: array<scalar>;
@group(0) @binding(1) var<storage, read> x: array<scalar>;
@group(0) @binding(2) var<storage, read> gain: array<scalar>;
@group(0) @binding(3) var<storage, read> statistics: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<scalar>;

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
  let mean = statistics[2u * min(row, ROWS - 1u)];
  let rstd = statistics[2u * min(row, ROWS - 1u) + 1u];
  var sums = vec2f(0.0);
  for (var c = first; c < end; c += LANES) {
    let g = f32(dy[base + c]) * f32(gain[c]);
    sums.x += g;
    sums.y += g * (f32(x[base + c]) - mean) * rstd;
  }
  let means = rowSums(local, sums) / f32(WIDTH);
  for (var c = first; c < end; c += LANES) {
    let xhat = (f32(x[base + c]) - mean) * rstd;
    var value = rstd * (f32(dy[base + c]) * f32(gain[c]) - means.x - xhat * means.y);
    if (ACCUMULATE == 1u) {
      value += f32(dx[base + c]);
    }
    dx[base + c] = scalar(value);
  }
}

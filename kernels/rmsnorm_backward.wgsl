// Gradient of root-mean-square normalisation with respect to its input.
//   dy [N, C] · x [N, C] · gain [C] · rstd [N] of the forward pass · dx [N, C]
// Formula: with xhat = x·rstd and g = dy·gain, dx = rstd · (g - xhat · mean(g · xhat)).
// ACCUMULATE 1 adds to dx (the residual stream's gradient flows past the block), 0 overwrites.
// LANES invocations a row (kernels/shared/row_lanes.wgsl); grid N·LANES. Pass 1 the mean, pass 2 the output.
override ACCUMULATE: u32 = 0;

@group(0) @binding(0) var<storage, read> dy: array<scalar>;
@group(0) @binding(1) var<storage, read> x: array<scalar>;
@group(0) @binding(2) var<storage, read> gain: array<scalar>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<scalar>;

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
  let scale = rstd[min(row, ROWS - 1u)];
  var dot = 0.0;
  for (var c = first; c < end; c += LANES) {
    dot += f32(dy[base + c]) * f32(gain[c]) * f32(x[base + c]);
  }
  // mean(g · xhat) · rstd
  let mean = rowSums(local, vec2f(dot, 0.0)).x / f32(WIDTH) * scale * scale;
  for (var c = first; c < end; c += LANES) {
    var value = scale * (f32(dy[base + c]) * f32(gain[c]) - f32(x[base + c]) * mean);
    if (ACCUMULATE == 1u) {
      value += f32(dx[base + c]);
    }
    dx[base + c] = scalar(value);
  }
}

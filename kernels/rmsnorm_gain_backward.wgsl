// Gradient of root-mean-square normalisation's gain.
//   dy [N, C] · x [N, C] · rstd [N] of the forward pass · dgain [C]
// Formula: dgain = Σ_n dy · x·rstd. Overwrites; ACCUMULATE 1 adds. One invocation a column, walking the rows in order, so
// neighbours read neighbours and no atomics are needed; grid C.
override ROWS: u32;
override WIDTH: u32;
override ACCUMULATE: u32 = 0;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> dy: array<scalar>;
@group(0) @binding(1) var<storage, read> x: array<scalar>;
@group(0) @binding(2) var<storage, read> rstd: array<f32>;
@group(0) @binding(3) var<storage, read_write> dgain: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let column = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (column >= WIDTH) {
    return;
  }
  var sum = 0.0;
  if (ACCUMULATE == 1u) {
    sum = dgain[column];
  }
  for (var row = 0u; row < ROWS; row++) {
    sum += f32(dy[row * WIDTH + column]) * f32(x[row * WIDTH + column]) * rstd[row];
  }
  dgain[column] = sum;
}

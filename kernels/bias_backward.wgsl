// Gradient of a bias: column sums.
//   dy [N, C] · dbias [C]
// Formula: dbias[c] = Σ_n dy[n, c]. Overwrites; ACCUMULATE 1 adds. One invocation a column, rows in order; grid C.
override ROWS: u32;
override WIDTH: u32;
override ACCUMULATE: u32 = 0;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> dy: array<scalar>;
@group(0) @binding(1) var<storage, read_write> dbias: array<f32>;

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
    sum = dbias[column];
  }
  for (var row = 0u; row < ROWS; row++) {
    sum += f32(dy[row * WIDTH + column]);
  }
  dbias[column] = sum;
}

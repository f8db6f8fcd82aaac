// The two numbers of a step: mean loss and global gradient norm.
//   losses [ROWS] · partials [PARTIALS] from squared_norm · statistics [2]: mean loss in nats, ‖gradient‖₂
// Formula: statistics = (Σ losses / ROWS, √Σ partials). Overwrites. Two invocations in all: the inputs are a few thousand
// numbers, less work than a tree reduction's barriers cost on a software adapter. Grid 2.
override ROWS: u32;
override PARTIALS: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> losses: array<f32>;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  var sum = 0.0;
  if (i == 0u) {
    for (var row = 0u; row < ROWS; row++) {
      sum += losses[row];
    }
    statistics[0] = sum / f32(ROWS);
  } else if (i == 1u) {
    for (var p = 0u; p < PARTIALS; p++) {
      sum += partials[p];
    }
    statistics[1] = sqrt(sum);
  }
}

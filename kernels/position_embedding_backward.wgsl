// Gradient of the position embedding: the sum over the batch.
//   dx [B, T, C] · dwpe [T, C]
// Formula: dwpe[t, c] = Σ_b dx[b, t, c]. Overwrites; ACCUMULATE 1 adds. One invocation an element of dwpe; grid T*C.
override BATCH: u32;
override CONTEXT: u32;
override WIDTH: u32;
override ACCUMULATE: u32 = 0;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> dx: array<scalar>;
@group(0) @binding(1) var<storage, read_write> dwpe: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let plane = CONTEXT * WIDTH;
  if (i >= plane) {
    return;
  }
  var sum = 0.0;
  if (ACCUMULATE == 1u) {
    sum = dwpe[i];
  }
  for (var b = 0u; b < BATCH; b++) {
    sum += f32(dx[b * plane + i]);
  }
  dwpe[i] = sum;
}

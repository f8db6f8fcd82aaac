// Ceiling of bandwidth: a copy.
//   source [COUNT] vec4 of f32 · result [COUNT] vec4 of f32, overwritten
// Grid: one invocation a vec4. 32·COUNT bytes moved.
override COUNT: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> result: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i < COUNT) {
    result[i] = source[i];
  }
}

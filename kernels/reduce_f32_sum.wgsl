// Chunk reduction of f32 chunks: add the members' values up, weighted.
//   encoded [MEMBERS, STRIDE / 4] vec4: COUNT little-endian f32 each, zero padded
//   weights [MEMBERS] · sum [⌈COUNT/4⌉] vec4
// Formula: sum[i] = Σ_m weights[m] · encoded[m, i], members in order. Overwrites. Elements from COUNT on are written as zero.
// One invocation four elements; grid ⌈COUNT/4⌉.
struct Shape {
  count: u32,
  members: u32,
  stride: u32,
  blocks: u32,
}
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> encoded: array<vec4f>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> sum: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= (shape.count + 3u) / 4u) {
    return;
  }
  var total = vec4f(0.0);
  for (var member = 0u; member < shape.members; member++) {
    total += weights[member] * encoded[member * (shape.stride / 4u) + i];
  }
  let first = 4u * i;
  let inside = vec4u(first, first + 1u, first + 2u, first + 3u) < vec4u(shape.count);
  sum[i] = select(vec4f(0.0), total, inside);
}

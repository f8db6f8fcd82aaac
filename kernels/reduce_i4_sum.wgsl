// Chunk reduction of i4 chunks: decode each member's i4 blockwise chunk and add them up, weighted.
//   encoded [MEMBERS, STRIDE] words: BLOCKS = ⌈COUNT/256⌉ f32 scales, then COUNT codes, eight a word from the low end, zero padded
//   weights [MEMBERS] · sum [⌈COUNT/4⌉] vec4
// Formula: sum[i] = Σ_m weights[m] · (code[m, i] - 8) · scale[m, ⌊i/256⌋], members in order. Overwrites.
// One invocation four elements (half a word a member); grid ⌈COUNT/4⌉. Elements from COUNT on are written as zero.
struct Shape {
  count: u32,
  members: u32,
  stride: u32,
  blocks: u32,
}
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> encoded: array<u32>;
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
    let base = member * shape.stride;
    let scale = bitcast<f32>(encoded[base + i / 64u]);
    let half = encoded[base + shape.blocks + i / 2u] >> (16u * (i & 1u));
    let codes = (vec4u(half) >> vec4u(0u, 4u, 8u, 12u)) & vec4u(15u);
    total += weights[member] * ((vec4f(codes) - 8.0) * scale);
  }
  let first = 4u * i;
  let inside = vec4u(first, first + 1u, first + 2u, first + 3u) < vec4u(shape.count);
  sum[i] = select(vec4f(0.0), total, inside);
}

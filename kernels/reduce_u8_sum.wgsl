// Chunk reduction, part 1 of 3: decode each member's u8 blockwise chunk and add them up, weighted.
//   encoded [MEMBERS, STRIDE] words: ⌈COUNT/1024⌉ f32 scales, then COUNT bytes (little-endian, four a word), zero padded
//   weights [MEMBERS]: shares of the mean, clipped ones less · sum [⌈COUNT/4⌉·4]
// Formula: sum[i] = Σ_m weights[m] · (byte[m, i] - 128) · scale[m, ⌊i/1024⌋], members in order. Overwrites.
// One invocation four elements (one word a member); grid ⌈COUNT/4⌉. Elements from COUNT on are written as zero.
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
  let words = (shape.count + 3u) / 4u;
  if (i >= words) {
    return;
  }
  var total = vec4f(0.0);
  for (var member = 0u; member < shape.members; member++) {
    let base = member * shape.stride;
    let scale = bitcast<f32>(encoded[base + i / 256u]);
    let word = encoded[base + shape.blocks + i];
    let bytes = vec4u(word & 255u, (word >> 8u) & 255u, (word >> 16u) & 255u, word >> 24u);
    total += weights[member] * ((vec4f(bytes) - 128.0) * scale);
  }
  let first = 4u * i;
  let inside = vec4u(first, first + 1u, first + 2u, first + 3u) < vec4u(shape.count);
  sum[i] = select(vec4f(0.0), total, inside);
}

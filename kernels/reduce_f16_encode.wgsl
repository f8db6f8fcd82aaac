// Chunk reduction of f16 chunks, last part: round the sums to halves.
//   sum [⌈COUNT/4⌉] vec4 · result [2·⌈COUNT/4⌉] words, two halves each
// Formula: nearest half, ties to even, in integers: pack2x16float may round otherwise or flush subnormals. What rounds to
// 65520 or more becomes infinity, which the codec's check refuses. Overwrites. One invocation four elements; grid ⌈COUNT/4⌉.
struct Shape {
  count: u32,
  members: u32,
  stride: u32,
  blocks: u32,
}
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> sum: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> result: array<u32>;

fn encode(value: vec4f) -> vec4u {
  let bits = bitcast<vec4u>(value);
  let magnitude = bits & vec4u(0x7fffffffu);
  // Below 2⁻¹⁴ the half is the multiple of 2⁻²⁴ itself; above, the bias goes from 127 to 15 and 13 bits are rounded off.
  let small = vec4u(round(abs(value) * 16777216.0));
  let shifted = magnitude - vec4u(112u << 23u);
  let large = min((shifted + vec4u(0xfffu) + ((shifted >> vec4u(13u)) & vec4u(1u))) >> vec4u(13u), vec4u(0x7c00u));
  return ((bits >> vec4u(16u)) & vec4u(0x8000u)) | select(large, small, magnitude < vec4u(0x38800000u));
}

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
  let half = encode(sum[i]);
  result[2u * i] = half.x | (half.y << 16u);
  result[2u * i + 1u] = half.z | (half.w << 16u);
}

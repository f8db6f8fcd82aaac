// Chunk reduction of f16 chunks: decode each member's halves and add them up, weighted.
//   encoded [MEMBERS, STRIDE] words: COUNT halves, two a word, zero padded · weights [MEMBERS] · sum [⌈COUNT/4⌉] vec4
// Formula: sum[i] = Σ_m weights[m] · half(encoded[m, i]), members in order. Overwrites. Elements from COUNT on are zero.
// Integer arithmetic instead of unpack2x16float, which may flush subnormal halves: a pseudo-gradient is full of them.
// One invocation four elements (two words a member); grid ⌈COUNT/4⌉.
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

// The exponent's bias goes from 15 to 127; a subnormal half is a multiple of 2⁻²⁴.
fn decode(half: vec4u) -> vec4f {
  let magnitude = half & vec4u(0x7fffu);
  let normal = bitcast<vec4f>((magnitude << vec4u(13u)) + vec4u(112u << 23u));
  let value = select(normal, vec4f(magnitude) * 5.9604644775390625e-8, magnitude < vec4u(0x400u));
  return select(value, -value, (half & vec4u(0x8000u)) != vec4u(0u));
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
  var total = vec4f(0.0);
  for (var member = 0u; member < shape.members; member++) {
    let at = member * shape.stride + 2u * i;
    let low = encoded[at];
    let high = encoded[at + 1u];
    total += weights[member] * decode(vec4u(low & 0xffffu, low >> 16u, high & 0xffffu, high >> 16u));
  }
  let first = 4u * i;
  let inside = vec4u(first, first + 1u, first + 2u, first + 3u) < vec4u(shape.count);
  sum[i] = select(vec4f(0.0), total, inside);
}

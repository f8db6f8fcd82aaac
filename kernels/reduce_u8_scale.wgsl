// Chunk reduction, part 2 of 3: the scale of each block of 1024 elements.
//   sum [⌈COUNT/4⌉] vec4 · result [⌈COUNT/1024⌉ + ⌈COUNT/4⌉] words: its first ⌈COUNT/1024⌉ words are written, as f32 bits
// Formula: scale = max|x| / 127, zero below the smallest normal f32 (2⁻¹²⁶), as in src/codec. Overwrites. One invocation a block; grid ⌈COUNT/1024⌉.
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

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let block = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (block >= shape.blocks) {
    return;
  }
  let end = min((block + 1u) * 256u, (shape.count + 3u) / 4u);
  var largest = vec4f(0.0);
  for (var i = block * 256u; i < end; i++) {
    largest = max(largest, abs(sum[i]));
  }
  let scale = max(max(largest.x, largest.y), max(largest.z, largest.w)) / 127.0;
  result[block] = select(0u, bitcast<u32>(scale), scale >= 1.17549435e-38);
}

// Chunk reduction, part 3 of 3: quantise the sums to bytes.
//   sum [⌈COUNT/4⌉] vec4 · result [⌈COUNT/1024⌉ + ⌈COUNT/4⌉] words: scales are read, the words behind them are written
// Formula: byte = clamp(round(x / scale), -127, 127) + 128, ties to even; 128 where the scale is zero. Overwrites.
// One invocation four elements (one word); grid ⌈COUNT/4⌉.
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
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= (shape.count + 3u) / 4u) {
    return;
  }
  let scale = bitcast<f32>(result[i / 256u]);
  var q = vec4i(0);
  if (scale > 0.0) {
    q = vec4i(clamp(round(sum[i] / scale), vec4f(-127.0), vec4f(127.0)));
  }
  let bytes = vec4u(q + vec4i(128));
  result[shape.blocks + i] = bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
}

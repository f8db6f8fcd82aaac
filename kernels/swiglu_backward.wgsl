// Gradients of the gated linear unit with SiLU.
//   gate [COUNT], up [COUNT]: the forward pass's inputs · dgate [COUNT]: dy on entry, in the same buffer · dup [COUNT]
// Formulas: with s = 1/(1 + exp(-gate)), dgate = dy · up · s·(1 + gate·(1 - s)), dup = dy · gate·s.
// Overwrites both. One invocation an element; grid COUNT.
override COUNT: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> gate: array<scalar>;
@group(0) @binding(1) var<storage, read> up: array<scalar>;
@group(0) @binding(2) var<storage, read_write> dgate: array<scalar>;
@group(0) @binding(3) var<storage, read_write> dup: array<scalar>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= COUNT) {
    return;
  }
  let g = f32(gate[i]);
  let s = 1.0 / (1.0 + exp(min(-g, 80.0)));
  let dy = f32(dgate[i]);
  dup[i] = scalar(dy * g * s);
  dgate[i] = scalar(dy * f32(up[i]) * s * (1.0 + g * (1.0 - s)));
}

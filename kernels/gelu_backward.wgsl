// Gradient of GELU, see kernels/shared/gelu.wgsl.
//   x [COUNT]: the forward pass's input · dy [COUNT] on entry, dx [COUNT] on return, in the same buffer
// Overwrites in place. One invocation an element; grid COUNT.
override COUNT: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<scalar>;
@group(0) @binding(1) var<storage, read_write> dy: array<scalar>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i < COUNT) {
    dy[i] = scalar(f32(dy[i]) * geluSlope(f32(x[i])));
  }
}

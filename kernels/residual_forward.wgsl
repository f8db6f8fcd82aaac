// Residual addition.
//   x [COUNT] · branch [COUNT] · y [COUNT]
// Formula: y = x + branch. Overwrites y. One invocation an element; grid COUNT.
// There is no backward kernel: the gradient of both operands is dy itself, so they share its buffer.
override COUNT: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<scalar>;
@group(0) @binding(1) var<storage, read> branch: array<scalar>;
@group(0) @binding(2) var<storage, read_write> y: array<scalar>;

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
  y[i] = scalar(f32(x[i]) + f32(branch[i]));
}

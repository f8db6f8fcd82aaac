// GELU, tanh form (Hendrycks & Gimpel 2016), as in GPT-2.
//   x [COUNT] · y [COUNT]
// Formula: y = x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))). Overwrites y. One invocation an element; grid COUNT.
// tanh's argument is clamped to ±10, where f32 tanh is ±1: some drivers overflow beyond it.
override COUNT: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<scalar>;
@group(0) @binding(1) var<storage, read_write> y: array<scalar>;

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
  let v = f32(x[i]);
  let u = 0.7978845608028654 * (v + 0.044715 * v * v * v);
  y[i] = scalar(0.5 * v * (1.0 + tanh(clamp(u, -10.0, 10.0))));
}

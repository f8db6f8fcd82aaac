// Gated linear unit with SiLU (Shazeer 2020), as in Llama.
//   gate [COUNT] · up [COUNT] · y [COUNT]
// Formula: y = gate/(1 + exp(-gate)) · up. Overwrites y. One invocation an element; grid COUNT.
// exp's argument is kept below 80, where SiLU is below 1e-32: beyond 88 it would overflow.
override COUNT: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> gate: array<scalar>;
@group(0) @binding(1) var<storage, read> up: array<scalar>;
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
  let g = f32(gate[i]);
  y[i] = scalar(g / (1.0 + exp(min(-g, 80.0))) * f32(up[i]));
}

// The copy of the parameters that forward and backward read, rounded from the f32 masters that the optimiser keeps.
//   masters [COUNT] · copy [COUNT]
// Formula: copy = scalar(masters). Overwrites copy. One invocation an element; grid COUNT. Run after every change of the
// masters; needed in f16 only (Micikevicius et al. 2018, "Mixed precision training").
override COUNT: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> masters: array<f32>;
@group(0) @binding(1) var<storage, read_write> copy: array<scalar>;

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
  copy[i] = scalar(masters[i]);
}

// Third part of LAMB over a range of the flat vector: the step itself.
//   statistics [3]: unused, ‖gradient‖₂, unused · schedule [≥3]: learning rate, 1/(1 - β1ᵗ), 1/(1 - β2ᵗ)
//   m [COUNT], v [COUNT] from lamb_moments · ratios [tensors] from lamb_ratios · tensorOf [blocks] of the whole vector, this
//   range's from FIRST_BLOCK on, 128 elements each · parameters [COUNT], updated in place
// Formula: p -= lr · ratio · (m̂ / (√v̂ + ε) + λ·p), λ zero from element DECAY_COUNT on. A norm that is not finite leaves
// everything untouched (see adamw). One invocation an element; grid COUNT.
override COUNT: u32;
override DECAY_COUNT: u32;
override FIRST_BLOCK: u32;
override EPSILON: f32;
override WEIGHT_DECAY: f32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> statistics: array<f32>;
@group(0) @binding(1) var<storage, read> schedule: array<f32>;
@group(0) @binding(2) var<storage, read> m: array<f32>;
@group(0) @binding(3) var<storage, read> v: array<f32>;
@group(0) @binding(4) var<storage, read> ratios: array<f32>;
@group(0) @binding(5) var<storage, read> tensorOf: array<u32>;
@group(0) @binding(6) var<storage, read_write> parameters: array<f32>;

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
  let norm = statistics[1];
  if ((bitcast<u32>(norm) & 0x7f800000u) == 0x7f800000u) {
    return;
  }
  let p = parameters[i];
  let decay = select(0.0, WEIGHT_DECAY, i < DECAY_COUNT);
  let r = m[i] * schedule[1] / (sqrt(v[i] * schedule[2]) + EPSILON) + decay * p;
  parameters[i] = p - schedule[0] * ratios[tensorOf[FIRST_BLOCK + i / 128u]] * r;
}

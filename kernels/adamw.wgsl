// AdamW (Loshchilov & Hutter 2019) over one flat arena, gradient clipping to a global norm included.
//   gradients [COUNT] · statistics [3]: unused, ‖gradient‖₂, loss scale (gradients carry it, the norm does not)
//   schedule [≥3]: learning rate, 1/(1 - β1ᵗ), 1/(1 - β2ᵗ)
//   parameters [COUNT] · m [COUNT] · v [COUNT], updated in place
// Formula: g = gradient / loss scale · min(1, MAX_NORM / ‖gradient‖); m = β1·m + (1-β1)·g; v = β2·v + (1-β2)·g²;
//   p -= lr · (m̂ / (√v̂ + ε) + λ·p), where λ is zero from element DECAY_COUNT on (biases and gains come last).
// A norm that is not finite leaves everything untouched: neither one bad batch nor an overflow in f16 destroys the run. The test reads the bits,
// because a compiler may assume that NaN does not occur. One invocation an element; grid COUNT.
override COUNT: u32;
override DECAY_COUNT: u32;
override BETA1: f32;
override BETA2: f32;
override EPSILON: f32;
override WEIGHT_DECAY: f32;
override MAX_NORM: f32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> gradients: array<f32>;
@group(0) @binding(1) var<storage, read> statistics: array<f32>;
@group(0) @binding(2) var<storage, read> schedule: array<f32>;
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(4) var<storage, read_write> m: array<f32>;
@group(0) @binding(5) var<storage, read_write> v: array<f32>;

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
  let g = gradients[i] * (MAX_NORM / max(norm, MAX_NORM) / statistics[2]);
  let nextM = BETA1 * m[i] + (1.0 - BETA1) * g;
  let nextV = BETA2 * v[i] + (1.0 - BETA2) * g * g;
  m[i] = nextM;
  v[i] = nextV;
  var decay = 0.0;
  if (i < DECAY_COUNT) {
    decay = WEIGHT_DECAY;
  }
  let p = parameters[i];
  parameters[i] = p - schedule[0] * (nextM * schedule[1] / (sqrt(nextV * schedule[2]) + EPSILON) + decay * p);
}

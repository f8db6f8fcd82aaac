// First part of LAMB (You et al. 2020) over a range of the flat vector: Adam's moments, and the squared lengths of what the
// parameters are and of what would be taken from them, block by block of 128 elements.
//   gradients [COUNT] · statistics [3]: unused, ‖gradient‖₂, loss scale (gradients carry it, the norm does not)
//   schedule [≥3]: learning rate, 1/(1 - β1ᵗ), 1/(1 - β2ᵗ) · parameters [COUNT] · m [COUNT] · v [COUNT], updated in place
//   norms [blocks, 2] of the whole vector, of which those from FIRST_BLOCK on are overwritten
// Formula: g = gradient / loss scale · min(1, MAX_NORM / ‖gradient‖); m = β1·m + (1-β1)·g; v = β2·v + (1-β2)·g²;
//   r = m̂ / (√v̂ + ε) + λ·p, λ zero from element DECAY_COUNT on; norms[block] = (Σ p², Σ r²).
// A norm that is not finite leaves everything untouched (see adamw). A workgroup a block; grid ⌈COUNT / 128⌉ workgroups.
override COUNT: u32;
override DECAY_COUNT: u32;
override FIRST_BLOCK: u32;
override BETA1: f32;
override BETA2: f32;
override EPSILON: f32;
override WEIGHT_DECAY: f32;
override MAX_NORM: f32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> gradients: array<f32>;
@group(0) @binding(1) var<storage, read> statistics: array<f32>;
@group(0) @binding(2) var<storage, read> schedule: array<f32>;
@group(0) @binding(3) var<storage, read> parameters: array<f32>;
@group(0) @binding(4) var<storage, read_write> m: array<f32>;
@group(0) @binding(5) var<storage, read_write> v: array<f32>;
@group(0) @binding(6) var<storage, read_write> norms: array<vec2f>;

var<workgroup> sums: array<vec2f, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let block = group.y * groups.x + group.x;
  let norm = statistics[1];
  let isFinite = (bitcast<u32>(norm) & 0x7f800000u) != 0x7f800000u;
  let clip = MAX_NORM / max(norm, MAX_NORM) / statistics[2];
  let end = select(0u, min(block * 128u + 128u, COUNT), isFinite);
  var sum = vec2f(0.0);
  for (var i = block * 128u + local; i < end; i += WORKGROUP) {
    let g = gradients[i] * clip;
    let nextM = BETA1 * m[i] + (1.0 - BETA1) * g;
    let nextV = BETA2 * v[i] + (1.0 - BETA2) * g * g;
    m[i] = nextM;
    v[i] = nextV;
    let p = parameters[i];
    let decay = select(0.0, WEIGHT_DECAY, i < DECAY_COUNT);
    let r = nextM * schedule[1] / (sqrt(nextV * schedule[2]) + EPSILON) + decay * p;
    sum += vec2f(p * p, r * r);
  }
  sums[local] = sum;
  workgroupBarrier();
  if (local > 0u || block * 128u >= COUNT) {
    return;
  }
  for (var i = 1u; i < WORKGROUP; i++) {
    sum += sums[i];
  }
  norms[FIRST_BLOCK + block] = sum;
}

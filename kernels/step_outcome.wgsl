// What the norm of a step's gradients decides: whether the step counts, and what the next one multiplies its loss by.
//   statistics [3]: unused, ‖gradient‖₂, unused
//   schedule [5]: unused, 1/(1 - β1ᵗ), 1/(1 - β2ᵗ), 1 - β1ᵗ, 1 - β2ᵗ with t the steps that counted; all but the first updated
//   scaling [3]: unused, loss scale, good steps since it last changed; the last two updated
// Formula: a finite norm advances t, as an average of ones: 1 - βᵗ = β·(1 - βᵗ⁻¹) + (1 - β), exact to a few units where a
// power would lose what matters. One that is not finite leaves t, and halves the scale, down to MIN_SCALE; GROWTH_STEPS finite
// ones in a row double it, up to MAX_SCALE (dynamic loss scaling, Micikevicius et al. 2018). On the device, so that the next
// step need not wait for this one's numbers. Powers of two, so that scaling rounds nothing. The test reads the bits, because
// a compiler may assume that NaN does not occur. One invocation; grid 1.
override BETA1: f32;
override BETA2: f32;
override GROWTH_STEPS: f32;
override MIN_SCALE: f32;
override MAX_SCALE: f32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> statistics: array<f32>;
@group(0) @binding(1) var<storage, read_write> schedule: array<f32>;
@group(0) @binding(2) var<storage, read_write> scaling: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32) {
  if (local > 0u) {
    return;
  }
  if ((bitcast<u32>(statistics[1]) & 0x7f800000u) == 0x7f800000u) {
    scaling[1] = max(scaling[1] * 0.5, MIN_SCALE);
    scaling[2] = 0.0;
    return;
  }
  schedule[3] = BETA1 * schedule[3] + (1.0 - BETA1);
  schedule[4] = BETA2 * schedule[4] + (1.0 - BETA2);
  schedule[1] = 1.0 / schedule[3];
  schedule[2] = 1.0 / schedule[4];
  let goodSteps = scaling[2] + 1.0;
  if (goodSteps >= GROWTH_STEPS) {
    scaling[1] = min(scaling[1] * 2.0, MAX_SCALE);
    scaling[2] = 0.0;
  } else {
    scaling[2] = goodSteps;
  }
}

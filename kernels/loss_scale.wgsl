// Dynamic loss scaling (Micikevicius et al. 2018): what the next step multiplies its loss by.
//   statistics [3]: unused, ‖gradient‖₂, unused
//   scaling [3]: unused, loss scale, good steps since it last changed; the last two are updated in place
// Formula: a norm that is not finite halves the scale (down to MIN_SCALE); GROWTH_STEPS finite ones in a row double it (up
// to MAX_SCALE). On the device, so that the next step need not wait for this one's numbers. Powers of two, so that scaling
// rounds nothing. The test reads the bits, because a compiler may assume that NaN does not occur. One invocation; grid 1.
override GROWTH_STEPS: f32;
override MIN_SCALE: f32;
override MAX_SCALE: f32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> statistics: array<f32>;
@group(0) @binding(1) var<storage, read_write> scaling: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32) {
  if (local > 0u) {
    return;
  }
  let goodSteps = scaling[2] + 1.0;
  if ((bitcast<u32>(statistics[1]) & 0x7f800000u) == 0x7f800000u) {
    scaling[1] = max(scaling[1] * 0.5, MIN_SCALE);
    scaling[2] = 0.0;
  } else if (goodSteps >= GROWTH_STEPS) {
    scaling[1] = min(scaling[1] * 2.0, MAX_SCALE);
    scaling[2] = 0.0;
  } else {
    scaling[2] = goodSteps;
  }
}

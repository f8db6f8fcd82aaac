// Ceiling of arithmetic: fused multiply-adds on registers, with nothing to load.
//   result [COUNT], f32: a sum, so that nothing is optimised away; overwritten
// An invocation keeps three chains of four lanes, s ← s·a + b with a and b of each lane its own (equal lanes could be computed
// once), enough to hide the latency and few enough for the sixteen vector registers of a CPU. Storage and
// arithmetic are `scalar`: here alone sums are not f32, because the ceiling of f16 arithmetic is what is wanted.
// Grid: one invocation an element. 2·4·12·STEPS operations each.
override COUNT: u32;
override STEPS: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read_write> result: array<f32>;

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
  let a = scalar4(scalar(0.875), scalar(0.75), scalar(0.625), scalar(0.5));
  let b = scalar4(scalar(f32(i % 64) / 64)) + scalar4(0, 1, 2, 3);
  var s0 = b;
  var s1 = b + scalar4(1);
  var s2 = b + scalar4(2);
  for (var step = 0u; step < STEPS; step++) {
    s0 = fma(s0, a, b);
    s1 = fma(s1, a, b);
    s2 = fma(s2, a, b);
    s0 = fma(s0, a, b);
    s1 = fma(s1, a, b);
    s2 = fma(s2, a, b);
    s0 = fma(s0, a, b);
    s1 = fma(s1, a, b);
    s2 = fma(s2, a, b);
    s0 = fma(s0, a, b);
    s1 = fma(s1, a, b);
    s2 = fma(s2, a, b);
  }
  let sum = s0 + s1 + s2;
  result[i] = f32(sum.x) + f32(sum.y) + f32(sum.z) + f32(sum.w);
}

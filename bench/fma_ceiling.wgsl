// Ceiling of arithmetic: fused multiply-adds on registers, with nothing to load. Three independent vec4 chains an
// invocation: enough to hide the latency, few enough that a CPU's sixteen vector registers hold them on a software adapter.
//   result [invocations]: a sum, so that nothing is optimised away. 2·4·12·STEPS operations an invocation.
override STEPS: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) at: vec3u) {
  let a = vec4f(0.999);
  let b = vec4f(f32(at.x) * 1.0e-6);
  var s0 = b;
  var s1 = b + 1.0;
  var s2 = b + 2.0;
  for (var i = 0u; i < STEPS; i++) {
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
  let s = s0 + s1 + s2;
  result[at.x] = s.x + s.y + s.z + s.w;
}

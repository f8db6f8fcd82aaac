// GELU (Hendrycks & Gimpel 2016): with ERF 0 the tanh form, as in GPT-2, with ERF 1 the exact one.
//   x [COUNT] · y [COUNT]
// Formulas: y = x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))), y = x/2 · (1 + erf(x/√2)). erf by Abramowitz & Stegun 7.1.26,
// good to 1.5e-7, taken at |x|, so that the left tail loses nothing by cancellation. Overwrites y. One invocation an element;
// grid COUNT.
// tanh's argument is clamped to ±10, where f32 tanh is ±1: some drivers overflow beyond it.
override COUNT: u32;
override ERF: u32 = 0;
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
  if (ERF == 1u) {
    let z = abs(v) * 0.7071067811865476;
    let t = 1.0 / (1.0 + 0.3275911 * z);
    let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    let tail = 0.5 * series * exp(-z * z);
    y[i] = scalar(v * select(tail, 1.0 - tail, v > 0.0));
    return;
  }
  let u = 0.7978845608028654 * (v + 0.044715 * v * v * v);
  y[i] = scalar(0.5 * v * (1.0 + tanh(clamp(u, -10.0, 10.0))));
}

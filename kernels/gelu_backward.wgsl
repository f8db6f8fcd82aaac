// Gradient of GELU: with ERF 0 of the tanh form, with ERF 1 of the exact one.
//   x [COUNT]: the forward pass's input · dy [COUNT] on entry, dx [COUNT] on return, in the same buffer
// Formulas: dx = dy · (½(1 + t) + x/2 · (1 - t²) · √(2/π)(1 + 3·0.044715·x²)) with t the tanh of gelu_forward;
// dx = dy · (½(1 + erf(x/√2)) + x·exp(-x²/2)/√(2π)) with erf as in gelu_forward.
// Overwrites in place. One invocation an element; grid COUNT.
override COUNT: u32;
override ERF: u32 = 0;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<scalar>;
@group(0) @binding(1) var<storage, read_write> dy: array<scalar>;

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
    let r = 1.0 / (1.0 + 0.3275911 * z);
    let series = r * (0.254829592 + r * (-0.284496736 + r * (1.421413741 + r * (-1.453152027 + r * 1.061405429))));
    let density = exp(-z * z);
    let tail = 0.5 * series * density;
    let below = select(tail, 1.0 - tail, v > 0.0);
    dy[i] = scalar(f32(dy[i]) * (below + v * density * 0.3989422804014327));
    return;
  }
  let u = 0.7978845608028654 * (v + 0.044715 * v * v * v);
  let t = tanh(clamp(u, -10.0, 10.0));
  let slope = 0.7978845608028654 * (1.0 + 3.0 * 0.044715 * v * v);
  dy[i] = scalar(f32(dy[i]) * (0.5 * (1.0 + t) + 0.5 * v * (1.0 - t * t) * slope));
}

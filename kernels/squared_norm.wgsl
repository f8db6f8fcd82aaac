// First half of the global gradient norm: partial sums of squares.
//   values [COUNT] · partials [PARTIALS]
// Formula: partials[p] = Σ_k values[p + k·PARTIALS]². Overwrites. Strided so that neighbours read neighbours; the order
// of addition is fixed, so the same values give the same bits on one adapter. One invocation a partial; grid PARTIALS.
override COUNT: u32;
override PARTIALS: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let p = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (p >= PARTIALS) {
    return;
  }
  var sum = 0.0;
  var i = p;
  for (; i + 3u * PARTIALS < COUNT; i += 4u * PARTIALS) {
    let four = vec4f(values[i], values[i + PARTIALS], values[i + 2u * PARTIALS], values[i + 3u * PARTIALS]);
    sum += four.x * four.x;
    sum += four.y * four.y;
    sum += four.z * four.z;
    sum += four.w * four.w;
  }
  for (; i < COUNT; i += PARTIALS) {
    sum += values[i] * values[i];
  }
  partials[p] = sum;
}

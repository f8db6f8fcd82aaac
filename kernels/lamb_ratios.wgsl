// Second part of LAMB: what each tensor's step is multiplied by.
//   norms [blocks, 2] from lamb_moments · spans [TENSORS, 3]: first block, block after the last, 1 where a ratio applies
//   ratios [TENSORS]
// Formula: ratio = min(‖p‖ / ‖r‖, MAX_RATIO) where it applies and both are above zero, else 1. Overwrites. A workgroup a
// tensor, each invocation every WORKGROUPth block, invocation 0 their sums in order; grid TENSORS workgroups.
override TENSORS: u32;
override MAX_RATIO: f32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> norms: array<vec2f>;
@group(0) @binding(1) var<storage, read> spans: array<u32>;
@group(0) @binding(2) var<storage, read_write> ratios: array<f32>;

var<workgroup> sums: array<vec2f, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tensor = group.y * groups.x + group.x;
  if (tensor >= TENSORS) {
    return;
  }
  let end = spans[3u * tensor + 1u];
  var sum = vec2f(0.0);
  for (var block = spans[3u * tensor] + local; block < end; block += WORKGROUP) {
    sum += norms[block];
  }
  sums[local] = sum;
  workgroupBarrier();
  if (local > 0u) {
    return;
  }
  for (var i = 1u; i < WORKGROUP; i++) {
    sum += sums[i];
  }
  var ratio = 1.0;
  if (spans[3u * tensor + 2u] == 1u && sum.x > 0.0 && sum.y > 0.0) {
    ratio = min(sqrt(sum.x / sum.y), MAX_RATIO);
  }
  ratios[tensor] = ratio;
}

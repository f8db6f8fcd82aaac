// Robust chunk reduction: of each element's values drop the DROP lowest and the DROP highest, average the rest by weight
// (Yin et al. 2018, "Byzantine-robust distributed learning").
//   rows [MEMBERS, STRIDE]: decoded contributions, MEMBERS > 2·DROP · weights [MEMBERS], above zero · sum [⌈COUNT/4⌉·4]
// Formula: sum[i] = Σ_{m kept} weights[m] · rows[m, i] / Σ_{m kept} weights[m]; equal values rank by member. Overwrites; zero from COUNT on.
// A value's rank is counted, not sorted: MEMBERS² reads of one column, no array of private memory. One invocation an element;
// grid ⌈COUNT/4⌉·4.
struct Shape {
  count: u32,
  members: u32,
  stride: u32,
  drop: u32,
}
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> rows: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> sum: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= (shape.count + 3u) / 4u * 4u) {
    return;
  }
  if (i >= shape.count) {
    sum[i] = 0.0;
    return;
  }
  var total = 0.0;
  var weight = 0.0;
  for (var member = 0u; member < shape.members; member++) {
    let value = rows[member * shape.stride + i];
    var rank = 0u;
    for (var other = 0u; other < shape.members; other++) {
      let rival = rows[other * shape.stride + i];
      rank += select(0u, 1u, rival < value || (rival == value && other < member));
    }
    if (rank >= shape.drop && rank < shape.members - shape.drop) {
      total += weights[member] * value;
      weight += weights[member];
    }
  }
  sum[i] = total / weight;
}

// The numbers of a step: mean loss, global gradient norm, and the loss scale that its gradients carry.
//   losses [ROWS], zero where not counted · partials [PARTIALS] from squared_norm, all ranges behind one another
//   scaling [≥2]: one over the counted rows, loss scale · statistics [3]: mean loss in nats, ‖gradient‖₂, loss scale
// Formula: statistics = (Σ losses · scaling₀, √Σ partials / scaling₁, scaling₁): the gradients carry the loss scale, their
// norm does not. Overwrites; ACCUMULATE 1 adds the loss to
// what an earlier pass of the step left there. One workgroup: each invocation sums every WORKGROUPth element of both, invocation 0 what they found,
// always in the same order. Grid 1.
override ROWS: u32;
override PARTIALS: u32;
override ACCUMULATE: u32 = 0;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> losses: array<f32>;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read> scaling: array<f32>;
@group(0) @binding(3) var<storage, read_write> statistics: array<f32>;

var<workgroup> sums: array<vec2f, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = vec2f(0.0);
  for (var row = local; row < ROWS; row += WORKGROUP) {
    sum.x += losses[row];
  }
  for (var p = local; p < PARTIALS; p += WORKGROUP) {
    sum.y += partials[p];
  }
  sums[local] = sum;
  workgroupBarrier();
  if (local > 0u) {
    return;
  }
  for (var i = 1u; i < WORKGROUP; i++) {
    sum += sums[i];
  }
  var before = 0.0;
  if (ACCUMULATE == 1u) {
    before = statistics[0];
  }
  statistics[0] = before + sum.x * scaling[0];
  statistics[1] = sqrt(sum.y) / scaling[1];
  statistics[2] = scaling[1];
}

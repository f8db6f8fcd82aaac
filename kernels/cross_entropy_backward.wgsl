// Gradient of softmax cross-entropy for one tile of the vocabulary, in place.
//   logits [ROWS, COLUMNS], of the tokens FIRST_TOKEN .. FIRST_TOKEN + COLUMNS, dlogits on return · targets [ROWS],
//   0xffffffff: not counted · logSumExp [ROWS], of the whole vocabulary · scaling [2]: weight of a counted row (one over
//   their number, for the mean), loss scale
// Formula: dlogits = (exp(logits - logSumExp) - onehot(target)) · scaling₀ · scaling₁, zero in rows not counted.
// Overwrites. One invocation an element; grid ⌈COLUMNS / WORKGROUP⌉ × ROWS.
override ROWS: u32;
override COLUMNS: u32;
override FIRST_TOKEN: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read_write> logits: array<scalar>;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read> logSumExp: array<f32>;
@group(0) @binding(3) var<storage, read> scaling: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = group.y;
  let column = group.x * WORKGROUP + local;
  if (row >= ROWS || column >= COLUMNS) {
    return;
  }
  let chosen = targets[row];
  let at = row * COLUMNS + column;
  var d = exp(f32(logits[at]) - logSumExp[row]);
  if (chosen == FIRST_TOKEN + column) {
    d -= 1.0;
  }
  logits[at] = scalar(select(d * scaling[0] * scaling[1], 0.0, chosen == 0xffffffffu));
}

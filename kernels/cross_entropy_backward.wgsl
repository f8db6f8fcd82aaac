// Gradient of softmax cross-entropy for one tile of the vocabulary, in place.
//   logits [ROWS, COLUMNS], rows STRIDE elements apart, of the tokens FIRST_TOKEN .. FIRST_TOKEN + COLUMNS, dlogits on return · targets [ROWS],
//   0xffffffff: not counted · logSumExp [ROWS], of the whole vocabulary · scaling [2]: weight of a counted row (one over
//   their number, for the mean), loss scale
// Formula: dlogits = (exp(logits - logSumExp) - onehot(target)) · scaling₀ · scaling₁, zero in rows not counted.
// Overwrites. An invocation takes 16 elements of a row, a workgroup apart, because to start one costs a software adapter
// more than an element; grid ⌈COLUMNS / (16·WORKGROUP)⌉ × ROWS.
override ROWS: u32;
override COLUMNS: u32;
override STRIDE: u32;
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
  if (row >= ROWS) {
    return;
  }
  let chosen = targets[row];
  let total = logSumExp[row];
  let weight = select(scaling[0] * scaling[1], 0.0, chosen == 0xffffffffu);
  let first = group.x * 16u * WORKGROUP + local;
  let end = min(first + 16u * WORKGROUP, COLUMNS);
  for (var column = first; column < end; column += WORKGROUP) {
    let at = row * STRIDE + column;
    let d = exp(f32(logits[at]) - total) - select(0.0, 1.0, chosen == FIRST_TOKEN + column);
    logits[at] = scalar(d * weight);
  }
}

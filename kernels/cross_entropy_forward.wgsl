// Losses of softmax cross-entropy, one tile of the vocabulary after another: the logits of a batch never exist together.
//   logits [ROWS, COLUMNS], rows STRIDE elements apart, of the tokens FIRST_TOKEN .. FIRST_TOKEN + COLUMNS · targets [ROWS], 0xffffffff: not counted
//   logSumExp [ROWS], of the tiles so far · losses [ROWS] in nats: after the last tile; before it, the target's logit
// Formula: losses[n] = log Σ exp(logits[n]) - logits[n, target], zero where not counted. IS_FIRST overwrites both outputs;
// later tiles add to them: log(eᵃ + eᵇ) = max + log(1 + e^(min - max)). One invocation a row; grid ROWS.
// Running maximum and sum with one exponential an element (Milakov & Gimelshein 2018). The caller guarantees targets < V
// and at most 32768 columns a tile where the adapter is llvmpipe, which ends loops silently after 65535 iterations.
@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (row >= ROWS) {
    return;
  }
  let base = row * STRIDE;
  var largest = f32(logits[base]);
  var sum = 1.0;
  for (var v = 1u; v < COLUMNS; v++) {
    let d = f32(logits[base + v]) - largest;
    let e = exp(-abs(d));
    sum = select(sum + e, sum * e + 1.0, d > 0.0);
    largest += max(d, 0.0);
  }
  finishRow(row, log(sum) + largest);
}

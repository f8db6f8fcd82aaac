// cross_entropy_forward with a workgroup a row: neighbouring invocations read neighbouring logits, which is what a GPU's
// memory wants; on a software adapter a barrier costs more than the strided reads of the form without one.
//   logits [ROWS, COLUMNS], rows STRIDE elements apart, of the tokens FIRST_TOKEN .. FIRST_TOKEN + COLUMNS · targets [ROWS], 0xffffffff: not counted
//   logSumExp [ROWS], of the tiles so far · losses [ROWS] in nats: after the last tile; before it, the target's logit
// Formula and meaning as there. IS_FIRST overwrites both outputs; later tiles add to them. Grid: ROWS workgroups. Each
// invocation keeps a running maximum and sum of every WORKGROUPth column; invocation 0 combines them in order.
var<workgroup> maxima: array<f32, WORKGROUP>;
var<workgroup> sums: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= ROWS) {
    return;
  }
  let base = row * STRIDE;
  // An invocation without a column of its own starts from the row's last and adds nothing.
  var largest = f32(logits[base + min(local, COLUMNS - 1u)]);
  var sum = select(0.0, 1.0, local < COLUMNS);
  var v = local + WORKGROUP;
  // Four at a time are loaded before the first is needed, and share one maximum.
  for (; v + 3u * WORKGROUP < COLUMNS; v += 4u * WORKGROUP) {
    let at = base + v;
    let four = vec4f(
      f32(logits[at]),
      f32(logits[at + WORKGROUP]),
      f32(logits[at + 2u * WORKGROUP]),
      f32(logits[at + 3u * WORKGROUP]),
    );
    let next = max(largest, max(max(four.x, four.y), max(four.z, four.w)));
    let e = exp(four - vec4f(next));
    sum = sum * exp(largest - next) + ((e.x + e.y) + (e.z + e.w));
    largest = next;
  }
  for (; v < COLUMNS; v += WORKGROUP) {
    let d = f32(logits[base + v]) - largest;
    let e = exp(-abs(d));
    sum = select(sum + e, sum * e + 1.0, d > 0.0);
    largest += max(d, 0.0);
  }
  maxima[local] = largest;
  sums[local] = sum;
  workgroupBarrier();
  if (local > 0u) {
    return;
  }
  for (var i = 1u; i < WORKGROUP; i++) {
    let d = maxima[i] - largest;
    let e = exp(-abs(d));
    sum = select(sum + sums[i] * e, sum * e + sums[i], d > 0.0);
    largest += max(d, 0.0);
  }
  finishRow(row, log(sum) + largest);
}

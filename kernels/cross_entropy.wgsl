// Softmax cross-entropy and its gradient in one kernel, in place.
//   logits [N, V] on entry, dlogits [N, V] on return, in the same buffer · targets [N] · losses [N] in nats
//   lossScale [1]: a factor of dlogits, so that small gradients survive in f16; 1 in f32
// Formula: losses[n] = log Σ exp(logits[n]) - logits[n, target]; dlogits = lossScale · (softmax - onehot(target)) / N, the
// gradient of the mean loss. Overwrites both. One invocation a row; grid N.
// Pass 1 running maximum and sum (Milakov & Gimelshein 2018), pass 2 the gradient. The caller guarantees targets < V.
override ROWS: u32;
override VOCABULARY: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read_write> logits: array<scalar>;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read_write> losses: array<f32>;
@group(0) @binding(3) var<storage, read> lossScale: array<f32>;

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
  let base = row * VOCABULARY;
  var largest = f32(logits[base]);
  var sum = 1.0;
  for (var v = 1u; v < VOCABULARY; v++) {
    let logit = f32(logits[base + v]);
    let next = max(largest, logit);
    sum = sum * exp(largest - next) + exp(logit - next);
    largest = next;
  }
  let chosen = targets[row];
  losses[row] = log(sum) + largest - f32(logits[base + chosen]);
  let factor = 1.0 / (sum * f32(ROWS));
  for (var v = 0u; v < VOCABULARY; v++) {
    var d = exp(f32(logits[base + v]) - largest) * factor;
    if (v == chosen) {
      d -= 1.0 / f32(ROWS);
    }
    logits[base + v] = scalar(lossScale[0] * d);
  }
}

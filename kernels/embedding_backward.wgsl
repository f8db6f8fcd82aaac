// Gradient of the token embedding, without atomics and so the same bits every time.
//   positions [B*T]: row numbers sorted by token, ascending within a token · starts [V + 1]: token v owns
//   positions[starts[v] .. starts[v + 1]) · dx [B*T, C] · dwte [VOCABULARY, C], of the tokens from FIRST_TOKEN on: all V, or
//   those of a shard
// Formula: dwte[v, c] = Σ over rows n of token v of dx[n, c]. ACCUMULATE 1 adds to dwte, where the tied output projection
// has written its share first; 0 overwrites. One invocation an element of dwte, each summing its own rows in order; grid VOCABULARY*C.
override VOCABULARY: u32;
override FIRST_TOKEN: u32 = 0;
override WIDTH: u32;
override ACCUMULATE: u32 = 1;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> positions: array<u32>;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> dx: array<scalar>;
@group(0) @binding(3) var<storage, read_write> dwte: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= VOCABULARY * WIDTH) {
    return;
  }
  let token = FIRST_TOKEN + i / WIDTH;
  let column = i % WIDTH;
  var sum = 0.0;
  if (ACCUMULATE == 1u) {
    sum = dwte[i];
  }
  let end = starts[token + 1u];
  var at = starts[token];
  // Four rows are under way at a time: of a frequent token there are hundreds.
  for (; at + 3u < end; at += 4u) {
    let rows = vec4u(positions[at], positions[at + 1u], positions[at + 2u], positions[at + 3u]) * WIDTH + column;
    let terms = vec4f(f32(dx[rows.x]), f32(dx[rows.y]), f32(dx[rows.z]), f32(dx[rows.w]));
    sum += terms.x;
    sum += terms.y;
    sum += terms.z;
    sum += terms.w;
  }
  for (; at < end; at++) {
    sum += f32(dx[positions[at] * WIDTH + column]);
  }
  dwte[i] = sum;
}

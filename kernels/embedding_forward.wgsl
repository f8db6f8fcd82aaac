// Token plus position embedding. B batch, T context, C width.
//   tokens [B*T] · wte [TOKENS, C], the embeddings of the tokens from FIRST_TOKEN on · wpe [T, C], read when HAS_POSITIONS
//   is 1 · x [B*T, C]
// Formula: x[n, c] = wte[tokens[n] - FIRST_TOKEN, c] + wpe[n mod T, c]. Overwrites the rows of x whose token is in the shard
// and leaves the others, which other shards write. One invocation an element; grid B*T*C. By default wte is one shard,
// and the caller guarantees that it has every token.
override ROWS: u32;
override CONTEXT: u32;
override WIDTH: u32;
override FIRST_TOKEN: u32 = 0;
override TOKENS: u32 = 0xffffffff;
override HAS_POSITIONS: u32 = 1;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read> wte: array<scalar>;
@group(0) @binding(2) var<storage, read> wpe: array<scalar>;
@group(0) @binding(3) var<storage, read_write> x: array<scalar>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= ROWS * WIDTH) {
    return;
  }
  let row = i / WIDTH;
  let column = i % WIDTH;
  let token = tokens[row] - FIRST_TOKEN;
  if (tokens[row] < FIRST_TOKEN || token >= TOKENS) {
    return;
  }
  var sum = f32(wte[token * WIDTH + column]);
  if (HAS_POSITIONS == 1u) {
    sum += f32(wpe[(row % CONTEXT) * WIDTH + column]);
  }
  x[i] = scalar(sum);
}

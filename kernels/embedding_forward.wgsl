// Token plus position embedding. B batch, T context, C width, V vocabulary.
//   tokens [B*T] · wte [V, C] · wpe [T, C] · x [B*T, C]
// Formula: x[n, c] = wte[tokens[n], c] + wpe[n mod T, c]. Overwrites x. One invocation an element; grid B*T*C.
// The caller guarantees tokens[n] < V.
override ROWS: u32;
override CONTEXT: u32;
override WIDTH: u32;
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
  x[i] = scalar(f32(wte[tokens[row] * WIDTH + column]) + f32(wpe[(row % CONTEXT) * WIDTH + column]));
}

// Rotary position embedding (Su et al. 2021), in place; Hugging Face's order, in which element p of a head is paired with
// p + D/2. T context, H heads, D head size, even.
//   x [B*T, H*D] · table [T, D/2]: cosine and sine of the angle of position t and pair p
// Formula: (x_p, x_q) ← (x_p·cos - x_q·sin, x_q·cos + x_p·sin), q = p + D/2. INVERSE 1 rotates back, which is also the
// gradient. One invocation a pair; grid B*T*H*D/2.
override ROWS: u32;
override CONTEXT: u32;
override HEADS: u32;
override HEAD_SIZE: u32;
override INVERSE: u32 = 0;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read_write> x: array<scalar>;
@group(0) @binding(1) var<storage, read> table: array<vec2f>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let pairs = HEAD_SIZE / 2u;
  if (i >= ROWS * HEADS * pairs) {
    return;
  }
  let pair = i % pairs;
  let head = i / pairs;
  let position = (head / HEADS) % CONTEXT;
  let turn = table[position * pairs + pair];
  let sine = select(turn.y, -turn.y, INVERSE == 1u);
  let at = head * HEAD_SIZE + pair;
  let first = f32(x[at]);
  let second = f32(x[at + pairs]);
  x[at] = scalar(first * turn.x - second * sine);
  x[at + pairs] = scalar(second * turn.x + first * sine);
}

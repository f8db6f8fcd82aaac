// Declarations of kernels in which LANES neighbouring invocations share a row: one where an invocation has a vector unit of
// its own (software adapters), so many that neighbours read neighbours on a GPU. A power of two that divides WORKGROUP.
// Grid N·LANES invocations. Rows past the end must come along to the barriers.
override ROWS: u32;
override WIDTH: u32;
override LANES: u32 = 1;
override WORKGROUP: u32 = 64;

var<workgroup> laneSums: array<vec2f, WORKGROUP>;

// Two sums over the lanes of a row, the same bits in all of them. Every invocation of the workgroup must come here.
fn rowSums(local: u32, own: vec2f) -> vec2f {
  if (LANES == 1u) {
    return own;
  }
  workgroupBarrier(); // What an earlier call left may still be being read.
  laneSums[local] = own;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local % LANES < half) {
      laneSums[local] += laneSums[local + half];
    }
  }
  workgroupBarrier();
  return laneSums[local - local % LANES];
}

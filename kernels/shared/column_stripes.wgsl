// Declarations of kernels that sum over the rows of each column. STRIPES invocations share a column, each taking every
// STRIPESth row: one where few invocations are at work at once (software adapters), more on a GPU, which otherwise waits for one
// row after the other. A power of two that divides WORKGROUP; a workgroup has WORKGROUP / STRIPES neighbouring columns, so that
// neighbours read neighbours. Four rows are loaded before any is added: a loop that no compiler unrolls (Naga bounds each) would
// wait for memory with every row. Grid ⌈C·STRIPES / WORKGROUP⌉ workgroups. Columns past the end must come along to the barriers.
override ROWS: u32;
override WIDTH: u32;
override STRIPES: u32 = 1;
override WORKGROUP: u32 = 64;

var<workgroup> stripeSums: array<vec2f, WORKGROUP>;

// Two sums over the stripes of a column, for its stripe 0. Every invocation of the workgroup must come here, once.
fn columnSums(local: u32, own: vec2f) -> vec2f {
  if (STRIPES == 1u) {
    return own;
  }
  let columns = WORKGROUP / STRIPES;
  stripeSums[local] = own;
  for (var half = STRIPES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half * columns) {
      stripeSums[local] += stripeSums[local + half * columns];
    }
  }
  return stripeSums[local];
}

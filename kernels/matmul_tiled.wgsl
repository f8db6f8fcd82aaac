// Matrix product, tiled form: for GPUs, whose workgroup memory is fast and whose global memory is far away.
//   product, y and bias: kernels/shared/matmul.wgsl · tiles: kernels/shared/matmul_tiles.wgsl
//   a, b: kernels/shared/matmul_fours.wgsl where their strides, offsets and lengths are multiples of 4, else matmul_ones.wgsl
// A workgroup of SLICES × SIDE × SIDE invocations computes 8·SIDE × 8·SIDE of y. Each invocation keeps 8 × 8 sums in registers,
// in four quarters that lie 4·SIDE apart, so that neighbours read and write neighbouring vectors: 64 multiply-adds for 4 vectors
// read from workgroup memory. Along the inner dimension it goes in steps of 16; while one step is summed, each invocation
// already holds its blocks of the next in registers, so that the latency of global memory hides behind arithmetic. This is the
// scheme of SGEMM on CUDA (Volkov & Demmel 2008).
// SLICES 4: each slice takes every fourth step, and their sums are added in order at the end. For products whose y is small
// and whose inner dimension is long, as gradients of parameters are: too few tiles to occupy a large GPU with one slice each.
// Workgroup memory 1 KiB · SIDE · SLICES. WORKGROUP is SIDE² · SLICES; SIDE 8 or 16, SLICES 1 or 4.
// Grid ⌈columns / (8·SIDE)⌉ × ⌈rows / (8·SIDE)⌉.
alias part4 = vec4f;
alias part4x4 = mat4x4f;

/// Rows row to row + 3 of this invocation's quarter of y, a row in each column of the matrix, from all slices' sums: the
/// sum of every slice goes through the memory of the tiles, and slice s adds and stores row s.
fn storeQuarter(row: u32, column: u32, sums: mat4x4f, slice: u32, own: u32) {
  let start = startAt(column);
  if (SLICES == 1u) {
    store(row, column, start + sums[0]);
    store(row + 1u, column, start + sums[1]);
    store(row + 2u, column, start + sums[2]);
    store(row + 3u, column, start + sums[3]);
    return;
  }
  // [row][slice][invocation]
  let side = SIDE * SIDE;
  let at = slice * side + own;
  workgroupBarrier();
  tileA[at] = sums[0];
  tileA[at + SLICES * side] = sums[1];
  tileB[at] = sums[2];
  tileB[at + SLICES * side] = sums[3];
  workgroupBarrier();
  let first = slice % 2u * SLICES * side + own;
  var total = start;
  if (slice < 2u) {
    total += tileA[first];
    total += tileA[first + side];
    total += tileA[first + 2u * side];
    total += tileA[first + 3u * side];
  } else {
    total += tileB[first];
    total += tileB[first + side];
    total += tileB[first + 2u * side];
    total += tileB[first + 3u * side];
  }
  store(row + slice, column, total);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = group.y * 8u * SIDE;
  let column = group.x * 8u * SIDE;
  let slice = local / (SIDE * SIDE);
  let own = local % (SIDE * SIDE);
  let x = own % SIDE;
  let y4 = own / SIDE;
  let tile = slice * 32u * SIDE;
  var sums = Sums();
  // 16·SIDE blocks for SIDE² invocations: one each when SIDE is 16, two when it is 8.
  let second = own + SIDE * SIDE;
  var block = load(own, row, column, slice * STEP);
  var another = mat4x4f();
  if (SIDE == 8u) {
    another = load(second, row, column, slice * STEP);
  }
  for (var k = 0u; k < product.inner; k += STEP * SLICES) {
    keep(slice, own, block);
    if (SIDE == 8u) {
      keep(slice, second, another);
    }
    workgroupBarrier();
    if (k + STEP * SLICES < product.inner) {
      let next = k + (SLICES + slice) * STEP;
      block = load(own, row, column, next);
      if (SIDE == 8u) {
        another = load(second, row, column, next);
      }
    }
    for (var i = 0u; i < STEP; i += 4u) {
      sums = addFour(sums, tile + i * 2u * SIDE, x, y4);
    }
    workgroupBarrier();
  }
  storeQuarter(row + 4u * y4, column + 4u * x, sums.upperLeft, slice, own);
  storeQuarter(row + 4u * y4, column + 4u * (SIDE + x), sums.upperRight, slice, own);
  storeQuarter(row + 4u * (SIDE + y4), column + 4u * x, sums.lowerLeft, slice, own);
  storeQuarter(row + 4u * (SIDE + y4), column + 4u * (SIDE + x), sums.lowerRight, slice, own);
}

// Matrix product in the arithmetic of halves: for GPUs that do twice as many operations in f16 as in f32.
//   product, y and bias: kernels/shared/matmul.wgsl · tiles: kernels/shared/matmul_tiles.wgsl, as halves
//   a, b: kernels/shared/matmul_fours.wgsl where their strides, offsets and lengths are multiples of 4, else matmul_ones.wgsl
// matmul_tiled but for this: the 16 products of a step along the inner dimension are summed in halves, and those sums in f32.
// Rounding 16 products at 2⁻¹¹ each leaves about 2⁻¹⁰ of the result's norm, twice what storing it in f16 does; a sum of 16
// beyond 65504 is infinite, which the loss scale answers, where f32 might have come back below. Without a conversion for
// each product, which would cost more than it saves: 512 paired multiply-adds and 64 conversions and additions a step,
// for 1024 multiply-adds in f32. Compiled for f32 it is an f32 product with sums in blocks.
// WORKGROUP is SIDE², SIDE 8 or 16; SLICES 1. Workgroup memory half of matmul_tiled's. Grid as there.
alias part4 = scalar4;
alias part4x4 = mat4x4<scalar>;

fn widen(sums: part4x4) -> mat4x4f {
  return mat4x4f(vec4f(sums[0]), vec4f(sums[1]), vec4f(sums[2]), vec4f(sums[3]));
}

fn storeFour(row: u32, column: u32, sums: mat4x4f) {
  let start = startAt(column);
  store(row, column, start + sums[0]);
  store(row + 1u, column, start + sums[1]);
  store(row + 2u, column, start + sums[2]);
  store(row + 3u, column, start + sums[3]);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = group.y * 8u * SIDE;
  let column = group.x * 8u * SIDE;
  let x = local % SIDE;
  let y4 = local / SIDE;
  var upperLeft = mat4x4f();
  var upperRight = mat4x4f();
  var lowerLeft = mat4x4f();
  var lowerRight = mat4x4f();
  // 16·SIDE blocks for SIDE² invocations: one each when SIDE is 16, two when it is 8.
  let second = local + SIDE * SIDE;
  var block = load(local, row, column, 0u);
  var another = mat4x4f();
  if (SIDE == 8u) {
    another = load(second, row, column, 0u);
  }
  for (var k = 0u; k < product.inner; k += STEP) {
    keep(0u, local, block);
    if (SIDE == 8u) {
      keep(0u, second, another);
    }
    workgroupBarrier();
    if (k + STEP < product.inner) {
      block = load(local, row, column, k + STEP);
      if (SIDE == 8u) {
        another = load(second, row, column, k + STEP);
      }
    }
    var sums = Sums();
    for (var i = 0u; i < STEP; i += 4u) {
      sums = addFour(sums, i * 2u * SIDE, x, y4);
    }
    upperLeft += widen(sums.upperLeft);
    upperRight += widen(sums.upperRight);
    lowerLeft += widen(sums.lowerLeft);
    lowerRight += widen(sums.lowerRight);
    workgroupBarrier();
  }
  storeFour(row + 4u * y4, column + 4u * x, upperLeft);
  storeFour(row + 4u * y4, column + 4u * (SIDE + x), upperRight);
  storeFour(row + 4u * (SIDE + y4), column + 4u * x, lowerLeft);
  storeFour(row + 4u * (SIDE + y4), column + 4u * (SIDE + x), lowerRight);
}

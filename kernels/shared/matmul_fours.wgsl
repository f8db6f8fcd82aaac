// Operands of a matrix product whose strides, offsets and lengths are multiples of 4, read four elements at a time.
@group(0) @binding(1) var<storage, read> a: array<scalar4>;
@group(0) @binding(2) var<storage, read> b: array<scalar4>;

/// Four elements of a from `at`, a multiple of 4.
fn fourOfA(at: u32) -> vec4f {
  return vec4f(a[at / 4u]);
}

fn fourOfB(at: u32) -> vec4f {
  return vec4f(b[at / 4u]);
}

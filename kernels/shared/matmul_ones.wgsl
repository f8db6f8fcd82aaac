// Operands of a matrix product of any strides, offsets and lengths, read element by element.
@group(0) @binding(1) var<storage, read> a: array<scalar>;
@group(0) @binding(2) var<storage, read> b: array<scalar>;

/// Four elements of a from `at`. Past the end of the array WGSL reads some element or zero; nobody uses those.
fn fourOfA(at: u32) -> vec4f {
  return vec4f(f32(a[at]), f32(a[at + 1u]), f32(a[at + 2u]), f32(a[at + 3u]));
}

fn fourOfB(at: u32) -> vec4f {
  return vec4f(f32(b[at]), f32(b[at + 1u]), f32(b[at + 2u]), f32(b[at + 3u]));
}

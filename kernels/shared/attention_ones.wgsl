// Tensors of the tiled attention kernels of any head size, strides and offsets: element by element. Past the end of an array
// WGSL reads some element or zero; nobody uses those.
@group(0) @binding(0) var<storage, read> queries: array<scalar>;
@group(0) @binding(1) var<storage, read> keys: array<scalar>;
@group(0) @binding(2) var<storage, read> values: array<scalar>;

fn fourQueries(at: u32) -> vec4f {
  return vec4f(f32(queries[at]), f32(queries[at + 1u]), f32(queries[at + 2u]), f32(queries[at + 3u]));
}

fn fourKeys(at: u32) -> vec4f {
  return vec4f(f32(keys[at]), f32(keys[at + 1u]), f32(keys[at + 2u]), f32(keys[at + 3u]));
}

fn fourValues(at: u32) -> vec4f {
  return vec4f(f32(values[at]), f32(values[at + 1u]), f32(values[at + 2u]), f32(values[at + 3u]));
}

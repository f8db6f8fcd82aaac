// Tensors of the tiled attention kernels whose head size, strides and offsets are multiples of 4: four elements at a time.
@group(0) @binding(0) var<storage, read> queries: array<scalar4>;
@group(0) @binding(1) var<storage, read> keys: array<scalar4>;
@group(0) @binding(2) var<storage, read> values: array<scalar4>;

fn fourQueries(at: u32) -> vec4f {
  return vec4f(queries[at / 4u]);
}

fn fourKeys(at: u32) -> vec4f {
  return vec4f(keys[at / 4u]);
}

fn fourValues(at: u32) -> vec4f {
  return vec4f(values[at / 4u]);
}

/** What the scalar twins take: f32 as the kernels see it, or f64 for finite differences. They always return f64. */
export type Values = Float32Array | Float64Array;

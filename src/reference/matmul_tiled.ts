/** Twin of kernels/matmul_tiled.wgsl: another way to the same sums, so the same twin. */
export { matmulDirect as matmulTiled } from "./matmul_direct.ts";

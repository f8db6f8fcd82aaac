/** Twin of kernels/matmul_half.wgsl: another way to the same sums, which rounds more; so the same twin and a wider tolerance. */
export { matmulDirect as matmulHalf } from "./matmul_direct.ts";

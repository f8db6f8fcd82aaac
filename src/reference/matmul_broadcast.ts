/** Twin of kernels/matmul_broadcast.wgsl: another way to the same sums, so the same twin. */
export { matmulDirect as matmulBroadcast } from "./matmul_direct.ts";

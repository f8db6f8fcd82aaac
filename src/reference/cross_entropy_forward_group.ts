/** Twin of kernels/cross_entropy_forward_group.wgsl, which computes the same thing in another order. */
export { crossEntropyForward as crossEntropyForwardGroup } from "./cross_entropy_forward.ts";

/** Twin of kernels/attention_forward_direct.wgsl, which computes what attention_forward.wgsl does. */
export { attentionForward as attentionForwardDirect } from "./attention_forward.ts";

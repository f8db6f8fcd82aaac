/** Twin of kernels/attention_query_backward_direct.wgsl, which computes what attention_query_backward.wgsl does. */
export { attentionQueryBackward as attentionQueryBackwardDirect } from "./attention_query_backward.ts";

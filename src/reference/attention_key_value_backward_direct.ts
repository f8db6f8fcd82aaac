/** Twin of kernels/attention_key_value_backward_direct.wgsl, which computes what attention_key_value_backward.wgsl does. */
export { attentionKeyValueBackward as attentionKeyValueBackwardDirect } from "./attention_key_value_backward.ts";

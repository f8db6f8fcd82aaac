/** SwapRuntimeApi: what a subnet's token is worth. On this chain always one TAO, for there are no pools to move it. */
import { u16, u64 } from "../../../scale/primitive_types.ts";
import { method, type RuntimeApi } from "./runtime_api.ts";

const RAO_PER_TAO = 1_000_000_000n;

export const swap: RuntimeApi = {
  name: "SwapRuntimeApi",
  methods: [method("current_alpha_price", { netuid: u16 }, u64, () => RAO_PER_TAO)],
};

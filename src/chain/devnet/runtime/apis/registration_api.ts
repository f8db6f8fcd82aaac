/** SubnetRegistrationRuntimeApi: what founding a subnet would cost in this block. */
import { lockCost } from "../../pallets/subtensor/network_register.ts";
import { BlockNumber } from "../../pallets/system.ts";
import { u64 } from "../../../scale/primitive_types.ts";
import { method, type RuntimeApi } from "./runtime_api.ts";

export const subnetRegistration: RuntimeApi = {
  name: "SubnetRegistrationRuntimeApi",
  methods: [
    method(
      "get_network_registration_cost",
      {},
      u64,
      (_, { state }) => lockCost(state, state.get(BlockNumber)),
    ),
  ],
};

/** TransactionPaymentApi: what a transaction will cost. */
import { dispatchClass, weight } from "../../pallets/common_types.ts";
import { struct } from "../../scale/composite_types.ts";
import { u32, u64 } from "../../scale/primitive_types.ts";
import { uncheckedExtrinsic } from "../extrinsic.ts";
import { method, type RuntimeApi } from "./runtime_api.ts";

const dispatchInfo = struct("pallet_transaction_payment::types::RuntimeDispatchInfo", {
  weight,
  class: dispatchClass,
  partial_fee: u64,
}, [{ name: "Balance", type: u64 }, { name: "Weight", type: weight }]);

export const transactionPayment: RuntimeApi = {
  name: "TransactionPaymentApi",
  methods: [
    // The transaction is taken as opaque bytes: whatever it is, it costs nothing here.
    method("query_info", { uxt: uncheckedExtrinsic, len: u32 }, dispatchInfo, () => ({
      weight: { ref_time: 0n, proof_size: 0n },
      class: { name: "Normal" },
      partial_fee: 0n,
    })),
  ],
};

/**
 * TransactionPaymentApi and its twin for bare calls: what a transaction will cost. Whatever it is, it costs nothing here
 * but the tip that it offers.
 */
import { dispatchClass, weight } from "../../pallets/common_types.ts";
import { option, struct } from "../../scale/composite_types.ts";
import { u32, u64 } from "../../scale/primitive_types.ts";
import { uncheckedExtrinsic } from "../extrinsic.ts";
import { runtimeCall } from "../runtime.ts";
import { method, type RuntimeApi } from "./runtime_api.ts";

const path = "pallet_transaction_payment::types";
const BALANCE = [{ name: "Balance", type: u64 }];
const dispatchInfo = struct(`${path}::RuntimeDispatchInfo`, {
  weight,
  class: dispatchClass,
  partial_fee: u64,
}, [...BALANCE, { name: "Weight", type: weight }]);
const inclusionFee = struct(`${path}::InclusionFee`, {
  base_fee: u64,
  len_fee: u64,
  adjusted_weight_fee: u64,
}, BALANCE);
const feeDetails = struct(
  `${path}::FeeDetails`,
  { inclusion_fee: option(inclusionFee), tip: u64 },
  BALANCE,
);

export const feeInfoOf = (_transaction: Uint8Array) => ({
  weight: { ref_time: 0n, proof_size: 0n },
  class: { name: "Normal" },
  partial_fee: 0n,
});

export const feeDetailsOf = (_transaction: Uint8Array) => ({
  inclusion_fee: { base_fee: 0n, len_fee: 0n, adjusted_weight_fee: 0n },
  tip: 0n,
});

const free = () => 0n;
const rates = [
  method("query_weight_to_fee", { weight }, u64, free),
  method("query_length_to_fee", { length: u32 }, u64, free),
];

export const transactionPayment: RuntimeApi = {
  name: "TransactionPaymentApi",
  methods: [
    method(
      "query_info",
      { uxt: uncheckedExtrinsic, len: u32 },
      dispatchInfo,
      ([bytes]: [Uint8Array, number]) => feeInfoOf(bytes),
    ),
    method(
      "query_fee_details",
      { uxt: uncheckedExtrinsic, len: u32 },
      feeDetails,
      ([bytes]: [Uint8Array, number]) => feeDetailsOf(bytes),
    ),
    ...rates,
  ],
};

const NO_BYTES = new Uint8Array();

export const transactionPaymentOfCalls: RuntimeApi = {
  name: "TransactionPaymentCallApi",
  methods: [
    method("query_call_info", { call: runtimeCall, len: u32 }, dispatchInfo, () => feeInfoOf(NO_BYTES)),
    method(
      "query_call_fee_details",
      { call: runtimeCall, len: u32 },
      feeDetails,
      () => feeDetailsOf(NO_BYTES),
    ),
    ...rates,
  ],
};

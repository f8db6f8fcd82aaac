/**
 * TransactionPaymentApi and its twin for bare calls: what a transaction will cost, by the same function that charges it.
 * What is not signed costs nothing.
 */
import { dispatchClass, weight } from "../../pallets/common_types.ts";
import { option, struct, type Variant } from "../../../scale/composite_types.ts";
import { bytes, u32, u64 } from "../../../scale/primitive_types.ts";
import { encodeValue } from "../../../scale/scale_type.ts";
import { dispatchInfoOf, type Weight } from "../dispatch_info.ts";
import { decodeInherent, decodeTransaction, isSigned, uncheckedExtrinsic } from "../extrinsic.ts";
import { feeDetails, feeRao, lengthToFeeRao, weightToFeeRao } from "../fees.ts";
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
const feeDetailsType = struct(
  `${path}::FeeDetails`,
  { inclusion_fee: option(inclusionFee), tip: u64 },
  BALANCE,
);

interface Priced {
  readonly call: Variant;
  /** Undefined for what nobody signed. */
  readonly tip: bigint | undefined;
}

function priceExtrinsic(encoded: Uint8Array): Priced {
  if (!isSigned(encoded)) return { call: decodeInherent(encoded), tip: undefined };
  const { call, explicit } = decodeTransaction(encoded);
  return { call, tip: explicit.ChargeTransactionPayment };
}

/** As an extrinsic stands in a block: its length comes first. */
const withLength = (extrinsic: Uint8Array) => encodeValue(bytes, extrinsic);

/** @param lengthBytes of the whole extrinsic, with its own length in front */
function feeInfoOf({ call, tip }: Priced, lengthBytes: number) {
  const info = dispatchInfoOf(call);
  const partial_fee = tip === undefined ? 0n : feeRao(lengthBytes, info, 0n);
  return { weight: info.weight, class: info.class, partial_fee };
}

function feeDetailsOf({ call, tip }: Priced, lengthBytes: number) {
  if (tip === undefined) return { inclusion_fee: undefined, tip: 0n };
  return feeDetails(lengthBytes, dispatchInfoOf(call), tip);
}

/** The same two for an extrinsic as it stands in a block. @throws {SkeinError} `scale/undecodable` */
export const feeInfoOfExtrinsic = (encoded: Uint8Array) =>
  feeInfoOf(priceExtrinsic(encoded), encoded.byteLength);
export const feeDetailsOfExtrinsic = (encoded: Uint8Array) =>
  feeDetailsOf(priceExtrinsic(encoded), encoded.byteLength);

const rates = [
  method("query_weight_to_fee", { weight }, u64, ([asked]: [Weight]) => weightToFeeRao(asked)),
  method("query_length_to_fee", { length: u32 }, u64, ([asked]: [number]) => lengthToFeeRao(asked)),
];

export const transactionPayment: RuntimeApi = {
  name: "TransactionPaymentApi",
  methods: [
    method(
      "query_info",
      { uxt: uncheckedExtrinsic, len: u32 },
      dispatchInfo,
      ([bytes, len]: [Uint8Array, number]) => feeInfoOf(priceExtrinsic(withLength(bytes)), len),
    ),
    method(
      "query_fee_details",
      { uxt: uncheckedExtrinsic, len: u32 },
      feeDetailsType,
      ([bytes, len]: [Uint8Array, number]) => feeDetailsOf(priceExtrinsic(withLength(bytes)), len),
    ),
    ...rates,
  ],
};

export const transactionPaymentOfCalls: RuntimeApi = {
  name: "TransactionPaymentCallApi",
  methods: [
    method(
      "query_call_info",
      { call: runtimeCall, len: u32 },
      dispatchInfo,
      ([call, len]: [Variant, number]) => feeInfoOf({ call, tip: 0n }, len),
    ),
    method(
      "query_call_fee_details",
      { call: runtimeCall, len: u32 },
      feeDetailsType,
      ([call, len]: [Variant, number]) => feeDetailsOf({ call, tip: 0n }, len),
    ),
    ...rates,
  ],
};

/** payment_*: what a transaction will cost, for clients that do not ask the runtime itself. */
import { isSkeinError } from "../../../base/errors.ts";
import { refusal } from "../pool/refusal.ts";
import { feeDetailsOfExtrinsic, feeInfoOfExtrinsic } from "../runtime/apis/payment_api.ts";
import type { Methods } from "./method.ts";

const hexNumber = (value: bigint) => `0x${value.toString(16)}`;

/** @throws {RpcError} for bytes that are no extrinsic */
function priced<T>(price: (bytes: Uint8Array) => T, bytes: Uint8Array): T {
  try {
    return price(bytes);
  } catch (error) {
    if (isSkeinError(error, "scale/undecodable")) throw refusal.badFormat(error.message);
    throw error;
  }
}

export const paymentMethods: Methods = {
  payment_queryInfo(params) {
    const { weight, class: { name }, partial_fee } = priced(feeInfoOfExtrinsic, params.bytes(0));
    return {
      weight: Number(weight.ref_time), // of one dimension in this method, as the client's library has it
      class: name.toLowerCase(),
      partialFee: partial_fee.toString(),
    };
  },
  payment_queryFeeDetails(params) {
    const { inclusion_fee: fee } = priced(feeDetailsOfExtrinsic, params.bytes(0));
    return {
      inclusionFee: fee
        ? {
          baseFee: hexNumber(fee.base_fee),
          lenFee: hexNumber(fee.len_fee),
          adjustedWeightFee: hexNumber(fee.adjusted_weight_fee),
        }
        : null,
    };
  },
};

/** payment_*: what a transaction will cost, for clients that do not ask the runtime itself. */
import { feeDetailsOf, feeInfoOf } from "../runtime/apis/payment_api.ts";
import type { Methods } from "./method.ts";

const hexNumber = (value: bigint) => `0x${value.toString(16)}`;

export const paymentMethods: Methods = {
  payment_queryInfo(params) {
    const { weight, class: { name }, partial_fee } = feeInfoOf(params.bytes(0));
    return {
      weight: Number(weight.ref_time), // of one dimension in this method, as nodes still give it
      class: name.toLowerCase(),
      partialFee: partial_fee.toString(),
    };
  },
  payment_queryFeeDetails(params) {
    const { inclusion_fee: fee } = feeDetailsOf(params.bytes(0));
    return {
      inclusionFee: {
        baseFee: hexNumber(fee.base_fee),
        lenFee: hexNumber(fee.len_fee),
        adjustedWeightFee: hexNumber(fee.adjusted_weight_fee),
      },
    };
  },
};

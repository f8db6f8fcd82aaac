/**
 * What a transaction costs, by subtensor's rule (spec 293): a rao for each byte, and half a rao for each thousand
 * picoseconds of weight, that of the extrinsic itself and that of its call rounded each for itself, and the tip. The
 * multiplier of congestion stays 1 there, too. A free call costs its tip only. Numbers equal those of the recorded
 * session's TransactionFeePaid events.
 *
 *   fee = base (108 157 000 ps → 54 078) + length in bytes + weight × 0.0005 + tip
 */
import type { DispatchInfo, Weight } from "./dispatch_info.ts";
import { BASE_EXTRINSIC_WEIGHT } from "./dispatch_info.ts";

const RAO_PER_BYTE = 1n;
/** Rao for so many picoseconds: 500 000 parts in a billion each. */
const FEE_PARTS = 500_000n;
const PARTS = 1_000_000_000n;

export interface InclusionFee {
  readonly base_fee: bigint;
  readonly len_fee: bigint;
  readonly adjusted_weight_fee: bigint;
}

export interface FeeDetails {
  /** Undefined for a free call. */
  readonly inclusion_fee: InclusionFee | undefined;
  readonly tip: bigint;
}

/** @param lengthBytes of the whole extrinsic as it stands in the block */
export function feeDetails(lengthBytes: number, info: DispatchInfo, tipRao: bigint): FeeDetails {
  if (info.pays_fee.name === "No") return { inclusion_fee: undefined, tip: tipRao };
  return {
    inclusion_fee: {
      base_fee: weightToFeeRao(BASE_EXTRINSIC_WEIGHT),
      len_fee: lengthToFeeRao(lengthBytes),
      adjusted_weight_fee: weightToFeeRao(info.weight),
    },
    tip: tipRao,
  };
}

/** What the sender pays in all. */
export function feeRao(lengthBytes: number, info: DispatchInfo, tipRao: bigint): bigint {
  const { inclusion_fee: fee, tip } = feeDetails(lengthBytes, info, tipRao);
  return tip + (fee ? fee.base_fee + fee.len_fee + fee.adjusted_weight_fee : 0n);
}

/** To the nearest; halves go down. */
export function weightToFeeRao({ ref_time }: Weight): bigint {
  return (ref_time * FEE_PARTS + PARTS / 2n - 1n) / PARTS;
}

export function lengthToFeeRao(lengthBytes: number): bigint {
  return BigInt(lengthBytes) * RAO_PER_BYTE;
}

/**
 * What a call costs its block, known before it runs: weight, class, and whether its sender pays. A call that holds others
 * weighs what they weigh and its own part. Unlike on subtensor the weight is not corrected after the call has run, as a
 * batch that stops half-way would be: it stays what was announced.
 */
import { BASE_EXTRINSIC_PS } from "../pallets/block_limits.ts";
import type { Variant } from "../../scale/composite_types.ts";
import { CALL_WEIGHTS, type DeclaredWeight } from "./call_weights.ts";

export interface DispatchInfo {
  readonly weight: Weight;
  readonly class: { readonly name: string };
  readonly pays_fee: { readonly name: "Yes" | "No" };
}

export interface Weight {
  readonly ref_time: bigint;
  readonly proof_size: bigint;
}

/** Of the database, in picoseconds. */
const READ_REF_TIME = 25_000_000n;
const WRITE_REF_TIME = 100_000_000n;
/** What each extrinsic takes beside its call: signature, nonce, fee. */
export const BASE_EXTRINSIC_WEIGHT: Weight = { ref_time: BASE_EXTRINSIC_PS, proof_size: 0n };

const U64_MAX = (1n << 64n) - 1n;
const NO_WEIGHT: DeclaredWeight = { refTime: 0n, reads: 0, writes: 0 };
const YES = { name: "Yes" } as const;
const NO = { name: "No" } as const;

/** Stops at what 64 bits hold: a caller of Sudo may announce any weight, and events carry the sum. */
export function addWeights(one: Weight, other: Weight): Weight {
  return {
    ref_time: saturatingAdd(one.ref_time, other.ref_time),
    proof_size: saturatingAdd(one.proof_size, other.proof_size),
  };
}

/** In time or in proof. */
export function exceeds(one: Weight, other: Weight): boolean {
  return one.ref_time > other.ref_time || one.proof_size > other.proof_size;
}

function saturatingAdd(one: bigint, other: bigint): bigint {
  return one + other < U64_MAX ? one + other : U64_MAX;
}

export function dispatchInfoOf(call: Variant): DispatchInfo {
  const { name, value: args } = call.value;
  const declared = declaredFor(call);
  if (call.name === "Timestamp") return infoOf(declared, ownWeight(declared, 0n), "Mandatory");
  if (call.name === "System") {
    return infoOf(declared, ownWeight(declared, BigInt(args.remark?.byteLength ?? 0)), "Normal");
  }
  if (args?.calls !== undefined && call.name === "Utility") return infoOfBatch(declared, args.calls);
  if (name === "sudo_unchecked_weight") {
    return infoOf(declared, args.weight, dispatchInfoOf(args.call).class.name);
  }
  const own = ownWeight(declared, 0n);
  if (args?.call === undefined) {
    return infoOf(declared, own, declared.isOperational ? "Operational" : "Normal");
  }
  const inner = dispatchInfoOf(args.call);
  return infoOf(declared, addWeights(own, inner.weight), inner.class.name);
}

/** After the call has run: some are free for those who may use them. */
export function dispatchInfoAfter(call: Variant, info: DispatchInfo, isSuccess: boolean): DispatchInfo {
  return isSuccess && declaredFor(call).isFreeOnSuccess ? { ...info, pays_fee: NO } : info;
}

const declaredFor = (call: Variant) => CALL_WEIGHTS[call.name]?.[call.value.name] ?? NO_WEIGHT;

/** Free calls add no weight to a batch; it is operational if all of them are. */
function infoOfBatch(declared: DeclaredWeight, calls: readonly Variant[]): DispatchInfo {
  const inner = calls.map(dispatchInfoOf);
  const weight = inner.filter(({ pays_fee }) => pays_fee.name === "Yes")
    .reduce((sum, each) => addWeights(sum, each.weight), ownWeight(declared, BigInt(calls.length)));
  const areUrgent = inner.every((each) => each.class.name === "Operational");
  return infoOf(declared, weight, areUrgent ? "Operational" : "Normal");
}

/** @param count of bytes or calls for what is charged by them */
function ownWeight(
  { refTime, proofSize, refTimeEach, reads, writes }: DeclaredWeight,
  count: bigint,
): Weight {
  return {
    ref_time: refTime + (refTimeEach ?? 0n) * count + BigInt(reads) * READ_REF_TIME +
      BigInt(writes) * WRITE_REF_TIME,
    proof_size: proofSize ?? 0n,
  };
}

function infoOf({ isFree }: DeclaredWeight, weight: Weight, className: string): DispatchInfo {
  return { weight, class: { name: className }, pays_fee: isFree ? NO : YES };
}

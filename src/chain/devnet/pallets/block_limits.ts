/**
 * How much a block may weigh and hold, as subtensor says it: explorers draw it, and clients reckon with it. The pool holds
 * a block to the weights, and to a number of transactions and bytes of its own; see pool/pool.ts.
 */
import { option, struct } from "../../scale/composite_types.ts";
import { u32, u64 } from "../../scale/primitive_types.ts";
import type { ScaleType } from "../../scale/scale_type.ts";
import { weight } from "./common_types.ts";
import { type Constant, constant } from "./pallet.ts";

const PS_PER_SECOND = 1_000_000_000_000n;
const NO_LIMIT = 2n ** 64n - 1n;
/** Signature, nonce and fee of one extrinsic. */
export const BASE_EXTRINSIC_PS = 108_157_000n;
const NORMAL_SHARE_BYTES = 7_864_320;
const BLOCK_BYTES = 10_485_760;

const perClass = <T>(of: ScaleType<T>) =>
  struct("frame_support::dispatch::PerDispatchClass", { normal: of, operational: of, mandatory: of }, [
    { name: "T", type: of },
  ]);
const classWeights = struct("frame_system::limits::WeightsPerClass", {
  base_extrinsic: weight,
  max_extrinsic: option(weight),
  max_total: option(weight),
  reserved: option(weight),
});
const blockWeights = struct("frame_system::limits::BlockWeights", {
  base_block: weight,
  max_block: weight,
  per_class: perClass(classWeights),
});
const blockLength = struct("frame_system::limits::BlockLength", { max: perClass(u32) });
const dbWeight = struct("sp_weights::RuntimeDbWeight", { read: u64, write: u64 });

const weightOf = (ref_time: bigint, proof_size: bigint) => ({ ref_time, proof_size });
const baseExtrinsic = weightOf(BASE_EXTRINSIC_PS, 0n);

const CLASS_WEIGHTS = {
  normal: {
    base_extrinsic: baseExtrinsic,
    max_extrinsic: weightOf(2_599_891_843_000n, 11_990_383_647_911_208_550n),
    max_total: weightOf(3n * PS_PER_SECOND, 13_835_058_055_282_163_711n),
    reserved: weightOf(0n, 0n),
  },
  operational: {
    base_extrinsic: baseExtrinsic,
    max_extrinsic: weightOf(3_599_891_843_000n, 16_602_069_666_338_596_454n),
    max_total: weightOf(4n * PS_PER_SECOND, NO_LIMIT),
    reserved: weightOf(PS_PER_SECOND, 4_611_686_018_427_387_904n),
  },
};

/** What signed transactions of a class may weigh: one without its base, all in a block with theirs. */
export function classLimits(className: string) {
  return className === "Operational" ? CLASS_WEIGHTS.operational : CLASS_WEIGHTS.normal;
}

export const BLOCK_LIMITS: readonly Constant[] = [
  constant("BlockWeights", blockWeights, {
    base_block: weightOf(431_614_000n, 0n),
    max_block: weightOf(4n * PS_PER_SECOND, NO_LIMIT),
    per_class: {
      ...CLASS_WEIGHTS,
      mandatory: {
        base_extrinsic: baseExtrinsic,
        max_extrinsic: undefined,
        max_total: undefined,
        reserved: undefined,
      },
    },
  }),
  constant("BlockLength", blockLength, {
    max: { normal: NORMAL_SHARE_BYTES, operational: BLOCK_BYTES, mandatory: BLOCK_BYTES },
  }),
  constant("DbWeight", dbWeight, { read: 25_000_000n, write: 100_000_000n }),
];

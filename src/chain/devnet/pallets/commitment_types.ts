/** What a neuron can publish of itself, in the types by which clients know it, and where it is kept. */
import { struct, tuple, variant, vec, wrapper } from "../../scale/composite_types.ts";
import { bytes, fixedBytes, u16, u32, u64 } from "../../scale/primitive_types.ts";
import type { ValueOf } from "../../scale/scale_type.ts";
import { accountId, boundedBytes, boundedVec } from "./common_types.ts";
import { identity, StorageDeclarations, twox64Concat } from "./storage_entry.ts";

const RAW_BYTES_LIMIT = 128;
const BIG_RAW_BYTES_LIMIT = 512;
const LOCKED_BYTES_LIMIT = 1024;

/** Raw data names its length in the variant: Raw0 to Raw128. */
const rawCases = Object.fromEntries(
  Array.from({ length: RAW_BYTES_LIMIT + 1 }, (_, n) => [`Raw${n}`, [n + 1, fixedBytes(n)] as const]),
);
const commitmentData = variant("pallet_commitments::types::Data", {
  None: [0],
  ...rawCases,
  BlakeTwo256: [130, fixedBytes(32)],
  Sha256: [131, fixedBytes(32)],
  Keccak256: [132, fixedBytes(32)],
  ShaThree256: [133, fixedBytes(32)],
  TimelockEncrypted: [134, { encrypted: boundedBytes(LOCKED_BYTES_LIMIT), reveal_round: u64 }],
  ResetBondsFlag: [135],
  BigRaw: [136, boundedBytes(BIG_RAW_BYTES_LIMIT)],
});
export type CommitmentData = ValueOf<typeof commitmentData>;

export const commitmentInfo = struct("pallet_commitments::types::CommitmentInfo", {
  fields: boundedVec(commitmentData),
});
const registration = struct("pallet_commitments::types::Registration", {
  deposit: u64,
  block: u32,
  info: commitmentInfo,
}, [{ name: "Balance", type: u64 }, { name: "MaxFields" }, { name: "BlockNumber", type: u32 }]);
const usageTracker = struct("pallet_commitments::types::UsageTracker", { last_epoch: u64, used_space: u64 });
const member = tuple(u16, accountId);
const memberSet = wrapper("BTreeSet", vec(member), [{ name: "T", type: member }]);

export const storage = new StorageDeclarations("Commitments");
const byMember = [identity(u16), twox64Concat(accountId)] as const;
export const CommitmentOf = storage.optionalMap("CommitmentOf", byMember, registration);
export const LastCommitment = storage.optionalMap("LastCommitment", byMember, u32);
export const LastBondsReset = storage.optionalMap("LastBondsReset", byMember, u32);
/** In the latest epoch in which the neuron published. */
export const UsedSpaceOf = storage.optionalMap("UsedSpaceOf", byMember, usageTracker);
/** Bytes that a neuron may publish in an epoch. */
export const MaxSpace = storage.plain("MaxSpace", u32, 3100);
/** Who has a locked field, ascending. */
export const TimelockedIndex = storage.plain("TimelockedIndex", memberSet, []);
/** What was in the locked fields, with the block in which they were opened; the latest ten. */
export const RevealedCommitments = storage.optionalMap(
  "RevealedCommitments",
  byMember,
  vec(tuple(bytes, u64)),
);

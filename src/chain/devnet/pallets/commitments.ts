/** What a neuron publishes about itself: up to three fields of bytes, the latest for each subnet. */
import { struct, variant, vec, wrapper } from "../scale/composite_types.ts";
import { bytes, fixedBytes, u16, u32, u64, u8 } from "../scale/primitive_types.ts";
import type { ValueOf } from "../scale/scale_type.ts";
import { accountId } from "./common_types.ts";
import { call, type CallContext, constant, type Pallet, palletFailure, signerOf } from "./pallet.ts";
import { identity, StorageDeclarations, twox64Concat } from "./storage_entry.ts";
import { IsNetworkMember } from "./subtensor/storage.ts";

const MAX_FIELDS = 3;
const RAW_BYTES_LIMIT = 128;
const BOUNDED_VEC = "bounded_collections::bounded_vec::BoundedVec";

/** Raw data names its length in the variant: Raw0 to Raw128. */
const rawCases = Object.fromEntries(
  Array.from({ length: RAW_BYTES_LIMIT + 1 }, (_, n) => [`Raw${n}`, [n + 1, fixedBytes(n)] as const]),
);
const boundedBytes = () => wrapper(BOUNDED_VEC, bytes, [{ name: "T", type: u8 }, { name: "S" }]);
const commitmentData = variant("pallet_commitments::types::Data", {
  None: [0],
  ...rawCases,
  BlakeTwo256: [130, fixedBytes(32)],
  Sha256: [131, fixedBytes(32)],
  Keccak256: [132, fixedBytes(32)],
  ShaThree256: [133, fixedBytes(32)],
  TimelockEncrypted: [134, { encrypted: boundedBytes(), reveal_round: u64 }],
  ResetBondsFlag: [135],
  BigRaw: [136, boundedBytes()],
});
const commitmentInfo = struct("pallet_commitments::types::CommitmentInfo", {
  fields: wrapper(BOUNDED_VEC, vec(commitmentData), [{ name: "T", type: commitmentData }, { name: "S" }]),
});
const registration = struct("pallet_commitments::types::Registration", {
  deposit: u64,
  block: u32,
  info: commitmentInfo,
}, [{ name: "Balance", type: u64 }, { name: "MaxFields" }, { name: "BlockNumber", type: u32 }]);

const storage = new StorageDeclarations("Commitments");
const byMember = [identity(u16), twox64Concat(accountId)] as const;
export const CommitmentOf = storage.optionalMap("CommitmentOf", byMember, registration);
export const LastCommitment = storage.optionalMap("LastCommitment", byMember, u32);

interface Args {
  netuid: number;
  info: ValueOf<typeof commitmentInfo>;
}

function setCommitment({ netuid, info }: Args, context: CallContext): void {
  const { state, blockNumber } = context;
  const who = signerOf(context);
  if (!state.get(IsNetworkMember, who, netuid)) throw palletFailure(commitments, "AccountNotAllowedCommit");
  if (info.fields.length > MAX_FIELDS) throw palletFailure(commitments, "TooManyFieldsInCommitmentInfo");
  state.set(CommitmentOf, { deposit: 0n, block: blockNumber, info }, netuid, who);
  state.set(LastCommitment, blockNumber, netuid, who);
  context.deposit(commitments, "Commitment", { netuid, who });
}

export const commitments: Pallet = {
  name: "Commitments",
  index: 18,
  crate: "pallet_commitments",
  storage: storage.declared,
  calls: [call(0, "set_commitment", { netuid: u16, info: commitmentInfo }, setCommitment)],
  events: { Commitment: [0, { netuid: u16, who: accountId }] },
  errors: { TooManyFieldsInCommitmentInfo: 0, AccountNotAllowedCommit: 1 },
  constants: [
    constant("MaxFields", u32, MAX_FIELDS),
    constant("InitialDeposit", u64, 0n),
    constant("FieldDeposit", u64, 0n),
  ],
};

/**
 * What a neuron publishes about itself: up to three fields of bytes, the latest for each subnet, and so many bytes an epoch. A
 * field may be locked to a round of the beacon: the chain opens it then.
 */
import { epochOf } from "../../timelock/mod.ts";
import { u16, u32, u64 } from "../../scale/primitive_types.ts";
import type { ValueOf } from "../../scale/scale_type.ts";
import { indexLocked, revealLockedFields } from "./commitment_reveals.ts";
import {
  type CommitmentData,
  commitmentInfo,
  CommitmentOf,
  LastBondsReset,
  LastCommitment,
  MaxSpace,
  storage,
  UsedSpaceOf,
} from "./commitment_types.ts";
import { accountId } from "./common_types.ts";
import { call, type CallContext, constant, type Pallet, palletFailure, signerOf } from "./pallet.ts";
import { Bonds, IsNetworkMember, SubnetworkN, Tempo, Uids } from "./subtensor/storage.ts";
import { BondsResetOn } from "./subtensor/subnet_storage.ts";
import { requireRoot } from "./subtensor/subnets.ts";

const MAX_FIELDS = 3;
/** Of the space of an epoch, whatever the fields. */
const MIN_COST_BYTES = 100;

interface Args {
  netuid: number;
  info: ValueOf<typeof commitmentInfo>;
}

function setCommitment({ netuid, info }: Args, context: CallContext): void {
  const { state, blockNumber } = context;
  const who = signerOf(context);
  if (!state.get(IsNetworkMember, who, netuid)) throw palletFailure(commitments, "AccountNotAllowedCommit");
  if (info.fields.length > MAX_FIELDS) throw palletFailure(commitments, "TooManyFieldsInCommitmentInfo");
  takeSpace(context, netuid, who, info.fields);
  if (info.fields.some(({ name }) => name === "ResetBondsFlag")) {
    state.set(LastBondsReset, blockNumber, netuid, who);
    resetBonds(context, netuid, who);
  }
  state.set(CommitmentOf, { deposit: 0n, block: blockNumber, info }, netuid, who);
  state.set(LastCommitment, blockNumber, netuid, who);
  const locked = info.fields.find(({ name }) => name === "TimelockEncrypted");
  indexLocked(state, netuid, who, locked !== undefined);
  if (locked) {
    context.deposit(commitments, "TimelockCommitment", {
      netuid,
      who,
      reveal_round: locked.value.reveal_round,
    });
  } else context.deposit(commitments, "Commitment", { netuid, who });
}

function takeSpace(
  { state, blockNumber }: CallContext,
  netuid: number,
  who: Uint8Array,
  fields: readonly CommitmentData[],
): void {
  const cost = Math.max(MIN_COST_BYTES, fields.reduce((total, field) => total + costBytes(field), 0));
  const epoch = BigInt(epochOf(blockNumber, netuid, state.get(Tempo, netuid)));
  const usage = state.get(UsedSpaceOf, netuid, who);
  const before = usage?.last_epoch === epoch ? usage.used_space : 0n;
  const used_space = before + BigInt(cost);
  if (used_space > BigInt(state.get(MaxSpace))) throw palletFailure(commitments, "SpaceLimitExceeded");
  state.set(UsedSpaceOf, { last_epoch: epoch, used_space }, netuid, who);
}

function costBytes({ name, value }: CommitmentData): number {
  if (name === "TimelockEncrypted") return value.encrypted.byteLength;
  return value?.byteLength ?? 0;
}

/** Where the subnet allows it, the neuron asks all validators to forget what they hold in it. */
function resetBonds({ state }: CallContext, netuid: number, who: Uint8Array): void {
  const uid = state.get(Uids, netuid, who);
  if (uid === undefined || !state.get(BondsResetOn, netuid)) return;
  for (let validator = 0; validator < state.get(SubnetworkN, netuid); validator++) {
    const bonds = state.get(Bonds, netuid, validator);
    const kept = bonds.filter(([of]) => of !== uid);
    if (kept.length < bonds.length) state.set(Bonds, kept, netuid, validator);
  }
}

function setMaxSpace({ new_limit }: { new_limit: number }, context: CallContext): void {
  requireRoot(context);
  context.state.set(MaxSpace, new_limit);
}

export const commitments: Pallet = {
  name: "Commitments",
  index: 18,
  crate: "pallet_commitments",
  storage: storage.declared,
  calls: [
    call(0, "set_commitment", { netuid: u16, info: commitmentInfo }, setCommitment),
    call(2, "set_max_space", { new_limit: u32 }, setMaxSpace),
  ],
  events: {
    Commitment: [0, { netuid: u16, who: accountId }],
    TimelockCommitment: [1, { netuid: u16, who: accountId, reveal_round: u64 }],
    CommitmentRevealed: [2, { netuid: u16, who: accountId }],
  },
  errors: { TooManyFieldsInCommitmentInfo: 0, AccountNotAllowedCommit: 1, SpaceLimitExceeded: 2 },
  constants: [
    constant("MaxFields", u32, MAX_FIELDS),
    constant("InitialDeposit", u64, 0n),
    constant("FieldDeposit", u64, 0n),
  ],
  onInitialize: (context) =>
    revealLockedFields(context, (netuid, who) => {
      context.deposit(commitments, "CommitmentRevealed", { netuid, who });
    }),
};

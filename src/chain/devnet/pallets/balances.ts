/** TAO, counted in rao (10⁻⁹). The balances themselves are in System.Account, as in subtensor. */
import type { Variant } from "../scale/composite_types.ts";
import { compact, u64 } from "../scale/primitive_types.ts";
import { transfer } from "./accounts.ts";
import { accountId, multiAddress } from "./common_types.ts";
import { call, type CallContext, constant, DispatchFailure, type Pallet, signerOf } from "./pallet.ts";
import { StorageDeclarations } from "./storage_entry.ts";

export const EXISTENTIAL_DEPOSIT_RAO = 500n;

const storage = new StorageDeclarations("Balances");
export const TotalIssuance = storage.plain("TotalIssuance", u64, 0n);

const transferArgs = { dest: multiAddress, value: compact(u64) };

const transferCall = (keepAlive: boolean) => (args: { dest: Variant; value: bigint }, context: CallContext) =>
  transfer(context, signerOf(context), accountOf(args.dest), args.value, { keepAlive });

/** @throws {DispatchFailure} CannotLookup for an address that names no account of this chain */
function accountOf(address: Variant): Uint8Array {
  if (address.name !== "Id" && address.name !== "Address32") {
    throw new DispatchFailure({ name: "CannotLookup" });
  }
  return address.value;
}

export const balances: Pallet = {
  name: "Balances",
  index: 5,
  crate: "pallet_balances",
  storage: storage.declared,
  calls: [
    call(0, "transfer_allow_death", transferArgs, transferCall(false)),
    call(3, "transfer_keep_alive", transferArgs, transferCall(true)),
  ],
  events: {
    Endowed: [0, { account: accountId, free_balance: u64 }],
    DustLost: [1, { account: accountId, amount: u64 }],
    Transfer: [2, { from: accountId, to: accountId, amount: u64 }],
    Withdraw: [8, { who: accountId, amount: u64 }],
  },
  errors: { InsufficientBalance: 2, ExistentialDeposit: 3 },
  constants: [constant("ExistentialDeposit", u64, EXISTENTIAL_DEPOSIT_RAO)],
};

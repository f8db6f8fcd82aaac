/** TAO, counted in rao (10⁻⁹). The balances themselves are in System.Account, as in subtensor. */
import type { Variant } from "../../scale/composite_types.ts";
import { bool, compact, u32, u64 } from "../../scale/primitive_types.ts";
import { destroy, spendableRao, transfer } from "./accounts.ts";
import { declareHolds } from "./balance_holds.ts";
import { accountId, multiAddress } from "./common_types.ts";
import { call, type CallContext, constant, DispatchFailure, type Pallet, signerOf } from "./pallet.ts";
import { StorageDeclarations } from "./storage_entry.ts";
import { Account } from "./system.ts";

export const EXISTENTIAL_DEPOSIT_RAO = 500n;
/** Locks, reserves or freezes of one account. */
const MAX_OF_A_KIND = 50;

const storage = new StorageDeclarations("Balances");
export const TotalIssuance = storage.plain("TotalIssuance", u64, 0n);
/** Issued, but not counted when something is decided by shares; nothing is on this chain. */
storage.plain("InactiveIssuance", u64, 0n);
declareHolds(storage);

const transferArgs = { dest: multiAddress, value: compact(u64) };

const transferCall = (keepAlive: boolean) => (args: { dest: Variant; value: bigint }, context: CallContext) =>
  transfer(context, signerOf(context), accountOf(args.dest), args.value, { keepAlive });

/** Everything, or all but what keeps the account alive. */
function transferAll(args: { dest: Variant; keep_alive: boolean }, context: CallContext): void {
  const from = signerOf(context);
  const keepAlive = args.keep_alive;
  const amountRao = keepAlive ? spendableRao(context, from) : context.state.get(Account, from).data.free;
  transfer(context, from, accountOf(args.dest), amountRao, { keepAlive });
}

/** @throws {DispatchFailure} CannotLookup for an address that names no account of this chain */
export function accountOf(address: Variant): Uint8Array {
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
    call(4, "transfer_all", { dest: multiAddress, keep_alive: bool }, transferAll),
    call(10, "burn", { value: compact(u64), keep_alive: bool }, ({ value, keep_alive }, context) => {
      destroy(context, signerOf(context), value, { keepAlive: keep_alive });
    }),
  ],
  events: {
    Endowed: [0, { account: accountId, free_balance: u64 }],
    DustLost: [1, { account: accountId, amount: u64 }],
    Transfer: [2, { from: accountId, to: accountId, amount: u64 }],
    Deposit: [7, { who: accountId, amount: u64 }],
    Withdraw: [8, { who: accountId, amount: u64 }],
    Burned: [11, { who: accountId, amount: u64 }],
  },
  errors: { InsufficientBalance: 2, ExistentialDeposit: 3 },
  constants: [
    constant("ExistentialDeposit", u64, EXISTENTIAL_DEPOSIT_RAO),
    constant("MaxLocks", u32, MAX_OF_A_KIND),
    constant("MaxReserves", u32, MAX_OF_A_KIND),
    constant("MaxFreezes", u32, MAX_OF_A_KIND),
  ],
};

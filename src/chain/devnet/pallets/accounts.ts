/**
 * Moving TAO between accounts, for every pallet that does: whoever holds the existential deposit has an account, who
 * falls below it loses the account and the dust. Unlike subtensor a lost account keeps its nonce, so that old
 * transactions cannot be sent again once it is funded anew.
 */
import { equalBytes } from "../../../base/bytes.ts";
import type { ValueOf } from "../../scale/scale_type.ts";
import { balances, EXISTENTIAL_DEPOSIT_RAO, TotalIssuance } from "./balances.ts";
import type { accountInfo } from "./common_types.ts";
import { type CallContext, DispatchFailure } from "./pallet.ts";
import { Account, system } from "./system.ts";

type AccountInfo = ValueOf<typeof accountInfo>;

const tokenFailure = (name: string) => new DispatchFailure({ name: "Token", value: { name } });

/**
 * To oneself it is checked, and nothing happens.
 * @throws {DispatchFailure} Token.FundsUnavailable, Token.NotExpendable, Token.BelowMinimum
 */
export function transfer(
  context: CallContext,
  from: Uint8Array,
  to: Uint8Array,
  amountRao: bigint,
  options: { keepAlive: boolean },
): void {
  if (equalBytes(from, to)) return void leftOf(context, from, amountRao, options);
  debit(context, from, amountRao, options);
  credit(context, to, amountRao);
  context.deposit(balances, "Transfer", { from, to, amount: amountRao });
}

/** What the account can spend and still be alive. */
export function spendableRao({ state }: CallContext, who: Uint8Array): bigint {
  const { free, frozen } = state.get(Account, who).data;
  const kept = frozen > EXISTENTIAL_DEPOSIT_RAO ? frozen : EXISTENTIAL_DEPOSIT_RAO;
  return free > kept ? free - kept : 0n;
}

/** Brings the amount into circulation: what somebody is paid. */
export function mint(context: CallContext, who: Uint8Array, amountRao: bigint): void {
  credit(context, who, amountRao);
  context.state.set(TotalIssuance, context.state.get(TotalIssuance) + amountRao);
  context.deposit(balances, "Deposit", { who, amount: amountRao });
}

/** Takes the amount out of circulation, as the price of something. */
export function burn(context: CallContext, who: Uint8Array, amountRao: bigint): void {
  takeOut(context, who, amountRao, { keepAlive: true });
  context.deposit(balances, "Withdraw", { who, amount: amountRao });
}

/** The same for its own sake. */
export function destroy(
  context: CallContext,
  who: Uint8Array,
  amountRao: bigint,
  options: { keepAlive: boolean },
): void {
  takeOut(context, who, amountRao, options);
  context.deposit(balances, "Burned", { who, amount: amountRao });
}

function takeOut(
  context: CallContext,
  who: Uint8Array,
  amountRao: bigint,
  options: { keepAlive: boolean },
): void {
  debit(context, who, amountRao, options);
  context.state.set(TotalIssuance, context.state.get(TotalIssuance) - amountRao);
}

function leftOf(
  { state }: CallContext,
  who: Uint8Array,
  amountRao: bigint,
  { keepAlive }: { keepAlive: boolean },
): bigint {
  const left = state.get(Account, who).data.free - amountRao;
  if (left < 0n) throw tokenFailure("FundsUnavailable");
  if (keepAlive && left < EXISTENTIAL_DEPOSIT_RAO) throw tokenFailure("NotExpendable");
  return left;
}

function debit(
  context: CallContext,
  who: Uint8Array,
  amountRao: bigint,
  options: { keepAlive: boolean },
): void {
  const left = leftOf(context, who, amountRao, options);
  const account = context.state.get(Account, who);
  if (left >= EXISTENTIAL_DEPOSIT_RAO) return setFree(context, who, account, left);
  setFree(context, who, { ...account, providers: 0 }, 0n);
  if (left > 0n) {
    context.state.set(TotalIssuance, context.state.get(TotalIssuance) - left);
    context.deposit(balances, "DustLost", { account: who, amount: left });
  }
  context.deposit(system, "KilledAccount", { account: who });
}

function credit(context: CallContext, who: Uint8Array, amountRao: bigint): void {
  const account = context.state.get(Account, who);
  const free = account.data.free + amountRao;
  if (account.providers > 0) return setFree(context, who, account, free);
  if (free < EXISTENTIAL_DEPOSIT_RAO) throw tokenFailure("BelowMinimum");
  setFree(context, who, { ...account, providers: 1 }, free);
  context.deposit(system, "NewAccount", { account: who });
  context.deposit(balances, "Endowed", { account: who, free_balance: free });
}

function setFree({ state }: CallContext, who: Uint8Array, account: AccountInfo, free: bigint): void {
  state.set(Account, { ...account, data: { ...account.data, free } }, who);
}

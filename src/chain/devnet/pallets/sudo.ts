/**
 * One account may act as the chain itself, which alone may set what belongs to no subnet's owner. On a new chain it is
 * //Alice. The call that holds the other succeeds either way; its event tells what became of the other.
 */
import type { Variant } from "../../scale/composite_types.ts";
import { option, unit, variant } from "../../scale/composite_types.ts";
import { equalBytes } from "../../../base/bytes.ts";
import { accountOf } from "./balances.ts";
import { accountId, dispatchError, multiAddress, runtimeCall, weight } from "./common_types.ts";
import {
  call,
  type CallContext,
  DispatchFailure,
  type Origin,
  type Pallet,
  palletFailure,
  signerOf,
} from "./pallet.ts";
import { StorageDeclarations } from "./storage_entry.ts";

const storage = new StorageDeclarations("Sudo");
export const SudoKey = storage.optionalMap("Key", [], accountId);

/** @throws {DispatchFailure} RequireSudo */
function requireKey(context: CallContext): Uint8Array {
  const key = context.state.get(SudoKey);
  if (key === undefined || !equalBytes(signerOf(context), key)) throw palletFailure(sudo, "RequireSudo");
  return key;
}

function dispatchAs(each: Variant, origin: Origin, event: string, context: CallContext): void {
  requireKey(context);
  context.deposit(sudo, event, { sudo_result: attempt(each, origin, context) });
}

function attempt(each: Variant, origin: Origin, context: CallContext): Variant {
  try {
    context.dispatch(each, origin);
    return { name: "Ok" };
  } catch (error) {
    if (error instanceof DispatchFailure) return { name: "Err", value: error.error };
    throw error;
  }
}

const asRoot = ({ call }: { call: Variant }, context: CallContext) =>
  dispatchAs(call, "root", "Sudid", context);

const result = variant("Result", { Ok: [0, unit], Err: [1, dispatchError] }, [
  { name: "T", type: unit },
  { name: "E", type: dispatchError },
]);

export const sudo: Pallet = {
  name: "Sudo",
  index: 12,
  crate: "pallet_sudo",
  storage: storage.declared,
  calls: [
    call(0, "sudo", { call: runtimeCall }, asRoot),
    call(1, "sudo_unchecked_weight", { call: runtimeCall, weight }, asRoot),
    call(2, "set_key", { new: multiAddress }, (args, context) => {
      const old = requireKey(context);
      const key = accountOf(args.new);
      context.state.set(SudoKey, key);
      context.deposit(sudo, "KeyChanged", { old, new: key });
    }),
    call(3, "sudo_as", { who: multiAddress, call: runtimeCall }, ({ who, call }, context) => {
      dispatchAs(call, accountOf(who), "SudoAsDone", context);
    }),
    call(4, "remove_key", {}, (_args, context) => {
      requireKey(context);
      context.state.remove(SudoKey);
      context.deposit(sudo, "KeyRemoved");
    }),
  ],
  events: {
    Sudid: [0, { sudo_result: result }],
    KeyChanged: [1, { old: option(accountId), new: accountId }],
    KeyRemoved: [2],
    SudoAsDone: [3, { sudo_result: result }],
  },
  errors: { RequireSudo: 0 },
  constants: [],
};

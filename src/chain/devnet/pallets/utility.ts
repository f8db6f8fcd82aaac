/**
 * Calls that hold calls. `batch` stops at the first that fails and keeps what came before it, `batch_all` undoes
 * everything, `force_batch` goes on. The call that holds them succeeds in the first and the third case: clients learn of
 * the failure from its events.
 */
import { blake2AsU8a } from "@polkadot/util-crypto";
import { concatBytes, utf8 } from "../../../base/bytes.ts";
import { type Variant, vec } from "../../scale/composite_types.ts";
import { u16, u32 } from "../../scale/primitive_types.ts";
import { encodeValue } from "../../scale/scale_type.ts";
import { dispatchError, runtimeCall } from "./common_types.ts";
import {
  call,
  type CallContext,
  constant,
  DispatchFailure,
  type Pallet,
  palletFailure,
  signerOf,
} from "./pallet.ts";
import { system } from "./system.ts";

const MAX_CALLS = 10_922;

interface Batch {
  calls: Variant[];
}

function batch({ calls }: Batch, context: CallContext): void {
  checkBatch(calls, context);
  for (const [index, each] of calls.entries()) {
    const error = attempt(each, context);
    if (error) return context.deposit(utility, "BatchInterrupted", { index, error });
    context.deposit(utility, "ItemCompleted");
  }
  context.deposit(utility, "BatchCompleted");
}

function batchAll({ calls }: Batch, context: CallContext): void {
  checkBatch(calls, context);
  for (const each of calls) {
    if (each.name === utility.name && each.value.name === "batch_all") {
      throw palletFailure(system, "CallFiltered");
    }
    context.dispatch(each);
    context.deposit(utility, "ItemCompleted");
  }
  context.deposit(utility, "BatchCompleted");
}

function forceBatch({ calls }: Batch, context: CallContext): void {
  checkBatch(calls, context);
  let areAllCompleted = true;
  for (const each of calls) {
    const error = attempt(each, context);
    if (error) context.deposit(utility, "ItemFailed", { error });
    else context.deposit(utility, "ItemCompleted");
    areAllCompleted &&= error === undefined;
  }
  context.deposit(utility, areAllCompleted ? "BatchCompleted" : "BatchCompletedWithErrors");
}

/** As an account that the signer's own and the index make; nobody has its key. */
function asDerivative({ index, call }: { index: number; call: Variant }, context: CallContext): void {
  const seed = concatBytes(utf8("modlpy/utilisuba"), signerOf(context), encodeValue(u16, index));
  context.dispatch(call, blake2AsU8a(seed, 256));
}

function checkBatch(calls: readonly Variant[], context: CallContext): void {
  if (!context.isRoot) signerOf(context);
  if (calls.length > MAX_CALLS) throw palletFailure(utility, "TooManyCalls");
}

/** @returns why it failed */
function attempt(each: Variant, context: CallContext): Variant | undefined {
  try {
    context.dispatch(each);
  } catch (error) {
    if (error instanceof DispatchFailure) return error.error;
    throw error;
  }
}

const batchArgs = { calls: vec(runtimeCall) };

export const utility: Pallet = {
  name: "Utility",
  index: 11,
  crate: "pallet_utility",
  storage: [],
  calls: [
    call(0, "batch", batchArgs, batch),
    call(1, "as_derivative", { index: u16, call: runtimeCall }, asDerivative),
    call(2, "batch_all", batchArgs, batchAll),
    call(4, "force_batch", batchArgs, forceBatch),
  ],
  events: {
    BatchInterrupted: [0, { index: u32, error: dispatchError }],
    BatchCompleted: [1],
    BatchCompletedWithErrors: [2],
    ItemCompleted: [3],
    ItemFailed: [4, { error: dispatchError }],
  },
  errors: { TooManyCalls: 0 },
  constants: [constant("batched_calls_limit", u32, MAX_CALLS)],
};

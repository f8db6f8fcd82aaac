/** The pallets of this chain, and the enumerations over all of them by which calls, events and errors travel. */
import { adminUtils } from "../pallets/admin.ts";
import { balances } from "../pallets/balances.ts";
import { commitments } from "../pallets/commitments.ts";
import { runtimeCall as anyCall, runtimeEvent } from "../pallets/common_types.ts";
import { drand } from "../pallets/drand.ts";
import { callType, errorType, eventType, type Pallet } from "../pallets/pallet.ts";
import { subtensor } from "../pallets/subtensor/subtensor.ts";
import { sudo } from "../pallets/sudo.ts";
import { system } from "../pallets/system.ts";
import { timestamp } from "../pallets/timestamp.ts";
import { transactionPayment } from "../pallets/transaction_payment.ts";
import { utility } from "../pallets/utility.ts";
import { struct, type Variant, variant } from "../../scale/composite_types.ts";
import type { AnyType, ScaleType } from "../../scale/scale_type.ts";

export interface RuntimePallet {
  readonly pallet: Pallet;
  readonly call?: AnyType;
  readonly event?: AnyType;
  readonly error?: AnyType;
}

export const RUNTIME_PALLETS: readonly RuntimePallet[] = [
  system,
  timestamp,
  balances,
  transactionPayment,
  subtensor,
  utility,
  sudo,
  commitments,
  adminUtils,
  drand,
].map((pallet) => ({
  pallet,
  call: pallet.calls.length > 0 ? callType(pallet) : undefined,
  event: Object.keys(pallet.events).length > 0 ? eventType(pallet) : undefined,
  error: Object.keys(pallet.errors).length > 0 ? errorType(pallet) : undefined,
}));

/** A call is `{name: pallet, value: {name: call, value: arguments}}`. */
export const runtimeCall = overPallets("RuntimeCall", "call");
anyCall.define(runtimeCall);
export const runtimeError = overPallets("RuntimeError", "error");
runtimeEvent.define(overPallets("RuntimeEvent", "event"));

/** The runtime itself has no value; metadata wants a type for it. */
export const runtimeType = struct("node_subtensor_runtime::Runtime", {});

function overPallets(name: string, part: "call" | "event" | "error"): ScaleType<Variant> {
  const cases = RUNTIME_PALLETS.flatMap((each) => {
    const type = each[part];
    return type ? [[each.pallet.name, [each.pallet.index, type]] as const] : [];
  });
  return variant(`node_subtensor_runtime::${name}`, Object.fromEntries(cases));
}

const calls = new Map(
  RUNTIME_PALLETS.flatMap(({ pallet }) =>
    pallet.calls.map((call) => [`${pallet.name}.${call.name}`, call] as const)
  ),
);

/** The function behind a decoded call. */
export function callOf(value: Variant) {
  return calls.get(`${value.name}.${value.value.name}`)!;
}

/** What calls see of a block in the making. */
import type { eventRecord } from "../pallets/common_types.ts";
import { Overlay } from "../pallets/overlay.ts";
import type { CallContext, Origin } from "../pallets/pallet.ts";
import { TypedState } from "../pallets/typed_state.ts";
import { callOf } from "../runtime/runtime.ts";
import type { Variant } from "../scale/composite_types.ts";
import type { ValueOf } from "../scale/scale_type.ts";

export type EventRecord = ValueOf<typeof eventRecord>;

/** @param events are appended to */
export function contextOn(
  overlay: Overlay,
  origin: Origin,
  phase: Variant,
  blockNumber: number,
  events: EventRecord[],
): CallContext {
  return {
    state: new TypedState(overlay),
    signer: origin === "root" ? undefined : origin,
    isRoot: origin === "root",
    blockNumber,
    deposit(pallet, name, value) {
      events.push({ phase, event: { name: pallet.name, value: { name, value } }, topics: [] });
    },
    dispatch(call, as = origin) {
      const upper = new Overlay(overlay);
      const deposited: EventRecord[] = [];
      callOf(call).run(call.value.value, contextOn(upper, as, phase, blockNumber, deposited));
      overlay.merge(upper);
      for (const each of deposited) events.push(each);
    },
  };
}

/** What calls see of a block in the making. */
import { eventRecord } from "../pallets/common_types.ts";
import { Overlay } from "../pallets/overlay.ts";
import type { CallContext, Origin } from "../pallets/pallet.ts";
import { TypedState } from "../pallets/typed_state.ts";
import { callOf } from "../runtime/runtime.ts";
import type { Variant } from "../../scale/composite_types.ts";
import { encodeValue } from "../../scale/scale_type.ts";

/** Encoded at once: an event that cannot be is a fault of the call that tells it, not of the block. */
export type EncodedEvent = Uint8Array;

/** @param events are appended to */
export function contextOn(
  overlay: Overlay,
  origin: Origin,
  phase: Variant,
  blockNumber: number,
  events: EncodedEvent[],
): CallContext {
  return {
    state: new TypedState(overlay),
    signer: origin === "root" ? undefined : origin,
    isRoot: origin === "root",
    blockNumber,
    deposit(pallet, name, value) {
      const event = { name: pallet.name, value: { name, value } };
      events.push(encodeValue(eventRecord, { phase, event, topics: [] }));
    },
    dispatch(call, as = origin) {
      const upper = new Overlay(overlay);
      const deposited: EncodedEvent[] = [];
      callOf(call).run(call.value.value, contextOn(upper, as, phase, blockNumber, deposited));
      overlay.merge(upper);
      for (const each of deposited) events.push(each);
    },
  };
}

/**
 * What would become of a transaction in the next block: the block is made with it alone and thrown away. The answer is
 * SCALE: Ok with the call's own outcome, or Err with why no block may hold it.
 */
import { silentLog } from "../../../base/log.ts";
import { makeBlock } from "../blocks/author.ts";
import { hex } from "../blocks/block.ts";
import { dispatchError, type eventRecord } from "../pallets/common_types.ts";
import { Overlay } from "../pallets/overlay.ts";
import { Events, system } from "../pallets/system.ts";
import { TypedState } from "../pallets/typed_state.ts";
import { refusal, RpcError } from "../pool/refusal.ts";
import { validate } from "../pool/validity.ts";
import { unit, variant } from "../../scale/composite_types.ts";
import { encodeValue, type ValueOf } from "../../scale/scale_type.ts";
import type { NodeParts } from "./method.ts";
import type { Params } from "./params.ts";

const invalid = variant("", {
  Payment: [1],
  Future: [2],
  Stale: [3],
  BadProof: [4],
  AncientBirthBlock: [5],
  ExhaustsResources: [6],
  BadSigner: [10],
});
const resultType = variant("", {
  Ok: [0, variant("", { Ok: [0, unit], Err: [1, dispatchError] })],
  Err: [1, variant("", { Invalid: [0, invalid] })],
});

/** By what the refusal says. */
const NAMES = new Map([
  [refusal.payment().data, "Payment"],
  [refusal.stale().data, "Stale"],
  [refusal.badProof().data, "BadProof"],
  [refusal.badSigner().data, "BadSigner"],
  [refusal.ancientBirthBlock().data, "AncientBirthBlock"],
  [refusal.exhaustsResources().data, "ExhaustsResources"],
]);

export function dryRun(params: Params, { chain }: NodeParts): string {
  const at = params.optionalHex(1);
  if (at !== undefined && at !== chain.head.hash) {
    throw new RpcError(-32602, "Invalid params: a dry run is had at the head only");
  }
  return hex(encodeValue(resultType, outcomeOf(params.bytes(0), chain)));
}

function outcomeOf(bytes: Uint8Array, chain: NodeParts["chain"]) {
  const invalidBecause = (name: string) => ({ name: "Err", value: { name: "Invalid", value: { name } } });
  try {
    const { transaction } = validate(bytes, chain);
    const { block, included, invalid, changes } = makeBlock(chain, [transaction], 0, silentLog);
    if (invalid.length > 0) return invalidBecause("Payment");
    if (included.length === 0) return invalidBecause("Future");
    const overlay = new Overlay(chain);
    for (const [key, value] of changes) overlay.set(key, value);
    return { name: "Ok", value: callOutcome(new TypedState(overlay).get(Events), block.body.length - 1) };
  } catch (error) {
    const name = error instanceof RpcError ? NAMES.get(error.data) : undefined;
    if (name === undefined) throw error;
    return invalidBecause(name);
  }
}

function callOutcome(events: readonly ValueOf<typeof eventRecord>[], index: number) {
  const failed = events.find(({ phase, event }) =>
    phase.value === index && event.name === system.name && event.value.name === "ExtrinsicFailed"
  );
  return failed ? { name: "Err", value: failed.event.value.value.dispatch_error } : { name: "Ok" };
}

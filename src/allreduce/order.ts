/**
 * Who leads. Candidates are sorted by sha256(seed ‖ outerStep ‖ hotkey): everybody computes the same order, and nobody
 * can choose a place in it without a new hotkey. The first live one leads; the others follow in turn.
 */
import { compareBytes, sha256Sync, utf8 } from "../base/bytes.ts";
import type { Hotkey } from "../base/transport.ts";

export function orderKey(seed: string, outerStep: number, hotkey: Hotkey): Uint8Array {
  return sha256Sync(utf8(`skein/order/1\n${seed}\n${outerStep}\n${hotkey}`));
}

/** Sorted copy without duplicates. */
export function orderCandidates(seed: string, outerStep: number, hotkeys: Iterable<Hotkey>): Hotkey[] {
  return [...new Set(hotkeys)]
    .map((hotkey) => ({ hotkey, key: orderKey(seed, outerStep, hotkey) }))
    .sort((a, b) => compareBytes(a.key, b.key))
    .map(({ hotkey }) => hotkey);
}

/**
 * Who leads. Candidates are sorted by sha256(seed ‖ outerStep ‖ hotkey): everybody computes the same order, and nobody
 * can choose a place in it without a new hotkey. The first live one leads; the others follow in turn.
 */
import { compareBytes, sha256Sync, utf8 } from "../base/bytes.ts";
import type { Hotkey } from "../base/transport.ts";

const MAX_REMEMBERED = 8192;
/** Of one step; a large group is put in order many times. */
const keys = new Map<Hotkey, Uint8Array>();
let keysOf = "";

function rememberedKey(seed: string, outerStep: number, hotkey: Hotkey): Uint8Array {
  const of = `${seed} ${outerStep}`;
  if (of !== keysOf || keys.size > MAX_REMEMBERED) keys.clear();
  keysOf = of;
  let key = keys.get(hotkey);
  if (!key) keys.set(hotkey, key = orderKey(seed, outerStep, hotkey));
  return key;
}

export function orderKey(seed: string, outerStep: number, hotkey: Hotkey): Uint8Array {
  return sha256Sync(utf8(`skein/order/1\n${seed}\n${outerStep}\n${hotkey}`));
}

/** Sorted copy without duplicates. */
export function orderCandidates(seed: string, outerStep: number, hotkeys: Iterable<Hotkey>): Hotkey[] {
  return [...new Set(hotkeys)]
    .map((hotkey) => ({ hotkey, key: rememberedKey(seed, outerStep, hotkey) }))
    .sort((a, b) => compareBytes(a.key, b.key))
    .map(({ hotkey }) => hotkey);
}

/** Who spoiled a sum. */
import type { Hotkey } from "../base/transport.ts";
import type { Codec, WeightedChunk } from "../codec/codec.ts";

/** Each input is finite and their mean is not: the largest of the others' is what overflowed. */
export function largestInput(
  inputs: ReadonlyMap<Hotkey, WeightedChunk>,
  self: Hotkey,
  codec: Codec,
  elements: number,
): Hotkey | undefined {
  let from: Hotkey | undefined;
  let largest = -1;
  for (const [hotkey, { encoded }] of inputs) {
    if (hotkey === self) continue;
    const magnitude = codec.decode(encoded, elements).reduce((m, x) => Math.max(m, Math.abs(x)), 0);
    if (magnitude <= largest) continue;
    largest = magnitude;
    from = hotkey;
  }
  return from;
}

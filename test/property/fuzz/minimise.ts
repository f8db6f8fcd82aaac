/** The shortest input we can find that still fails: pieces are taken out, largest first, and bytes set to zero. */
import { concatBytes } from "../../../src/base/bytes.ts";

const MAX_TRIALS = 3000;

/** @param fails whether an input still fails in the same way */
export async function minimise(
  input: Uint8Array,
  fails: (candidate: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let least = input;
  let trialsLeft = MAX_TRIALS;
  const attempt = async (candidate: Uint8Array): Promise<boolean> => {
    if (trialsLeft-- <= 0 || !(await fails(candidate))) return false;
    least = candidate;
    return true;
  };
  for (let piece = input.length >> 1; piece >= 1; piece >>= 1) {
    for (let start = 0; start < least.length && trialsLeft > 0;) {
      const without = concatBytes(least.subarray(0, start), least.subarray(start + piece));
      if (!(await attempt(without))) start += piece;
    }
  }
  for (let i = 0; i < least.length && trialsLeft > 0; i++) {
    if (least[i] === 0) continue;
    const zeroed = least.slice();
    zeroed[i] = 0;
    await attempt(zeroed);
  }
  return least;
}

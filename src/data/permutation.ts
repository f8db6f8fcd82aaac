/**
 * A keyed permutation of [0, size) with random access and no table: a balanced Feistel network over the next even
 * number of bits, walked until it lands in range (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
 * Four times the range at most is covered, so a walk takes four steps at most on average. The order must be even and reproducible,
 * not secret: the round function is a 32-bit mixer, keyed by SHA-256.
 */
import { assert } from "../base/assert.ts";
import { sha256Sync, utf8 } from "../base/bytes.ts";

const ROUNDS = 6;

export class Permutation {
  readonly size: number;
  readonly #halfBits: number;
  readonly #keys: Uint32Array;

  /**
   * @param size in [1, 2³⁰]
   * @param key any text; the same key and size give the same order everywhere
   */
  constructor(size: number, key: string) {
    assert(Number.isInteger(size) && size >= 1 && size <= 2 ** 30, "permutation: size in [1, 2^30]");
    this.size = size;
    const bits = Math.ceil(Math.log2(Math.max(2, size)));
    this.#halfBits = Math.ceil(bits / 2);
    const digest = new DataView(sha256Sync(utf8(key)).buffer);
    this.#keys = Uint32Array.from({ length: ROUNDS }, (_, i) => digest.getUint32(4 * i, true));
  }

  /** A bijection of [0, size). */
  at(index: number): number {
    assert(Number.isInteger(index) && index >= 0 && index < this.size, "permutation: index in range");
    let value = index;
    do {
      value = this.#encipher(value);
    } while (value >= this.size);
    return value;
  }

  #encipher(value: number): number {
    const mask = (1 << this.#halfBits) - 1;
    let left = value >>> this.#halfBits;
    let right = value & mask;
    for (const key of this.#keys) {
      const next = left ^ (mix(right ^ key) & mask);
      left = right;
      right = next;
    }
    return (left << this.#halfBits) | right;
  }
}

/** The finaliser of MurmurHash3: every input bit reaches every output bit. */
function mix(x: number): number {
  let z = x >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

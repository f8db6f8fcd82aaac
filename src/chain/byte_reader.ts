/** Reads a byte string front to back; whatever is not there is undefined, and stays so. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.byteLength;
  }

  byte(): number | undefined {
    return this.take(1)?.[0];
  }

  take(byteCount: number): Uint8Array | undefined {
    if (byteCount < 0 || byteCount > this.#bytes.byteLength - this.#at) return undefined;
    this.#at += byteCount;
    return this.#bytes.slice(this.#at - byteCount, this.#at);
  }

  /** Unsigned LEB128 of at most two bytes (0…16383), which covers every protocol code and length used here. */
  varint(): number | undefined {
    const low = this.byte();
    if (low === undefined || low < 128) return low;
    const high = this.byte();
    return high === undefined || high === 0 || high > 127 ? undefined : (low & 127) | (high << 7);
  }
}

/** @param value 0…16383 */
export function encodeVarint(value: number): Uint8Array {
  return value < 128 ? Uint8Array.of(value) : Uint8Array.of((value & 127) | 128, value >> 7);
}

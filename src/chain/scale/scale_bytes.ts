/**
 * The two ends of a SCALE byte string: a writer that grows and a reader that is bounded by its bytes. Fixed-width
 * integers are little-endian; compact integers have their width in the two low bits and must be in their shortest
 * form, so that one value has one encoding (a hash of the encoding names the value).
 */
import { assert } from "../../base/assert.ts";
import { undecodable } from "./errors.ts";

const MODE_LIMITS = [0n, 1n << 6n, 1n << 14n, 1n << 30n];
/** Calls that hold calls; deeper ones would exhaust the stack before their bytes end. */
const MAX_NESTING = 64;

export class ScaleWriter {
  #bytes = new Uint8Array(128);
  #view = new DataView(this.#bytes.buffer);
  #byteCount = 0;

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength);
    this.#bytes.set(bytes, this.#byteCount);
    this.#byteCount += bytes.byteLength;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#byteCount++] = value;
  }

  /** Of up to 32 bits. */
  smallUint(value: number, byteCount: number): void {
    this.#reserve(byteCount);
    for (let i = 0; i < byteCount; i++) this.#bytes[this.#byteCount++] = value >>> (8 * i);
  }

  /** Two's complement of `byteCount` bytes, by words where there are any. */
  uint(value: bigint, byteCount: number): void {
    this.#reserve(byteCount);
    const start = this.#byteCount;
    let at = 0;
    for (; at + 8 <= byteCount; at += 8) {
      this.#view.setBigUint64(start + at, at === 0 ? value : value >> BigInt(8 * at), true);
    }
    for (; at < byteCount; at++) this.#bytes[start + at] = Number((value >> BigInt(8 * at)) & 255n);
    this.#byteCount += byteCount;
  }

  compact(value: number | bigint): void {
    const whole = BigInt(value);
    assert(whole >= 0n, "compact integers are not negative");
    if (whole < MODE_LIMITS[1]) return this.u8(Number(whole) << 2);
    if (whole < MODE_LIMITS[2]) return this.uint((whole << 2n) | 1n, 2);
    if (whole < MODE_LIMITS[3]) return this.uint((whole << 2n) | 2n, 4);
    const byteCount = Math.ceil(whole.toString(16).length / 2);
    this.u8(((byteCount - 4) << 2) | 3);
    this.uint(whole, byteCount);
  }

  /** What was written; the next writing begins anew. */
  finish(): Uint8Array<ArrayBuffer> {
    const written = this.#bytes.slice(0, this.#byteCount);
    this.#byteCount = 0;
    return written;
  }

  #reserve(byteCount: number): void {
    if (this.#byteCount + byteCount <= this.#bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.byteLength, this.#byteCount + byteCount));
    grown.set(this.#bytes.subarray(0, this.#byteCount));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

export class ScaleReader {
  readonly #bytes: Uint8Array;
  #view: DataView | undefined;
  #at = 0;
  #nesting = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get remainingBytes(): number {
    return this.#bytes.byteLength - this.#at;
  }

  /** Bytes read so far: with `slice`, what a value was decoded from. */
  get offset(): number {
    return this.#at;
  }

  slice(start: number, end: number): Uint8Array {
    return this.#bytes.slice(start, end);
  }

  /** A copy. @throws {SkeinError} `scale/undecodable` */
  raw(byteCount: number): Uint8Array<ArrayBuffer> {
    this.#take(byteCount);
    return this.#bytes.slice(this.#at - byteCount, this.#at) as Uint8Array<ArrayBuffer>;
  }

  u8(): number {
    this.#take(1);
    return this.#bytes[this.#at - 1];
  }

  /** Of up to 32 bits. */
  smallUint(byteCount: number): number {
    this.#take(byteCount);
    let value = 0;
    for (let i = 1; i <= byteCount; i++) value = (value * 256) + this.#bytes[this.#at - i];
    return value;
  }

  uint(byteCount: number): bigint {
    this.#take(byteCount);
    const start = this.#at - byteCount;
    const { buffer, byteOffset, byteLength } = this.#bytes;
    const view = this.#view ??= new DataView(buffer, byteOffset, byteLength);
    let value = 0n;
    let at = byteCount;
    for (; at % 8 > 0; at--) value = (value << 8n) | BigInt(view.getUint8(start + at - 1));
    for (; at > 0; at -= 8) value = (value << 64n) | view.getBigUint64(start + at - 8, true);
    return value;
  }

  compact(): bigint {
    const first = this.u8();
    const mode = first & 3;
    if (mode === 3) {
      const byteCount = (first >> 2) + 4;
      const value = this.uint(byteCount);
      const shortest = byteCount === 4 ? MODE_LIMITS[3] : 1n << BigInt(8 * (byteCount - 1));
      if (value < shortest) throw undecodable(`compact ${value} takes ${byteCount} bytes, fewer required`);
      return value;
    }
    this.#at--;
    const value = this.uint(1 << mode) >> 2n;
    if (value < MODE_LIMITS[mode]) throw undecodable(`compact ${value} is long, the shortest form required`);
    return value;
  }

  /** The length of a sequence. Each item takes a byte at least, so the bytes that are left bound it. */
  length(): number {
    const count = this.compact();
    if (count > BigInt(this.remainingBytes)) {
      throw undecodable(`a sequence of ${count} items in ${this.remainingBytes} bytes`);
    }
    return Number(count);
  }

  #take(byteCount: number): void {
    if (byteCount > this.remainingBytes) {
      throw undecodable(`${this.remainingBytes} bytes are left, ${byteCount} required`);
    }
    this.#at += byteCount;
  }

  /** Reads what may contain itself. */
  nested<T>(read: () => T): T {
    if (this.#nesting === MAX_NESTING) throw undecodable(`a value nested deeper than ${MAX_NESTING}`);
    this.#nesting++;
    const value = read();
    this.#nesting--;
    return value;
  }
}

/**
 * CBOR of headers, decoded from hostile bytes: canonical integers, no indefinite lengths, no tags, no `undefined`, no
 * repeated keys, no keys that every object has (`toString`), at most `MAX_CBOR_DEPTH` levels. The caller bounds the size, and every item takes at least one byte,
 * so memory is bounded by a small multiple of the input.
 */
import { decode, encode, Tokenizer, Type } from "cborg";
import type { Token } from "cborg";
import { netError } from "./errors.ts";

export const MAX_CBOR_DEPTH = 16;

const DECODE_OPTIONS = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  rejectDuplicateMapKeys: true,
};

/**
 * Counts open containers while the tokens go by, so that depth is refused before the decoder recurses into it. A key such
 * as `toString` or `__proto__` would make an object that cannot even be compared, and throws in whoever tries.
 */
class DepthLimitedTokenizer extends Tokenizer {
  /** Items still missing in each open container, outermost first. */
  readonly #missing: number[] = [];
  readonly #isMap: boolean[] = [];

  override next(): Token {
    const token = super.next();
    const missing = this.#missing;
    const isKey = this.#isMap[missing.length - 1] && missing[missing.length - 1] % 2 === 0;
    if (isKey && token.value in Object.prototype) throw new RangeError("a key that every object has");
    if (missing.length > 0) missing[missing.length - 1]--;
    const items = Type.equals(token.type, Type.array)
      ? token.value
      : Type.equals(token.type, Type.map)
      ? 2 * token.value
      : 0;
    if (items > 0) {
      if (missing.length === MAX_CBOR_DEPTH) throw new RangeError(`more than ${MAX_CBOR_DEPTH} levels`);
      missing.push(items);
      this.#isMap[missing.length - 1] = Type.equals(token.type, Type.map);
    }
    while (missing.length > 0 && missing[missing.length - 1] === 0) missing.pop();
    return token;
  }
}

/** @throws {SkeinError} `net/header-unencodable` on functions, symbols and other values CBOR cannot say */
export function encodeCbor(value: unknown): Uint8Array {
  try {
    return encode(value, { ignoreUndefinedProperties: true });
  } catch (cause) {
    throw netError("net/header-unencodable", "encode header as CBOR: a value has no encoding", {}, cause);
  }
}

/** @throws {SkeinError} `net/frame-malformed` */
export function decodeCborMap(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = decode(bytes, { ...DECODE_OPTIONS, tokenizer: new DepthLimitedTokenizer(bytes, DECODE_OPTIONS) });
  } catch (cause) {
    throw netError(
      "net/frame-malformed",
      `decode header: ${bytes.length} bytes are not strict CBOR`,
      {},
      cause,
    );
  }
  if (value === null || typeof value !== "object" || Array.isArray(value) || value instanceof Uint8Array) {
    throw netError("net/frame-malformed", "decode header: the CBOR value is not a map, a map is required");
  }
  return value as Record<string, unknown>;
}

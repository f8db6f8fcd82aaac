/**
 * Input number `index` of a decoder under a seed, the same every time. Even ones are random, odd ones are mutated
 * examples. For a decoder of maps, half of each kind are well-formed.
 */
import { decode } from "cborg";
import { fromUtf8, sha256Sync, utf8 } from "../../../src/base/bytes.ts";
import { Random } from "../../../src/base/random.ts";
import { type Decoder, encodePlain, type InputFormat } from "./decoder.ts";
import { MAX_INPUT_BYTES, mutateBytes, randomBytes, randomLength } from "./mutate_bytes.ts";
import { mutateValue, randomTree } from "./mutate_values.ts";

export class Inputs {
  readonly #decoder: Decoder;
  readonly #seed: number;
  /** The examples as values; none of a decoder of bytes. */
  readonly #values: readonly unknown[];

  constructor(decoder: Decoder, seed: number) {
    this.#decoder = decoder;
    this.#values = decoder.format === "bytes"
      ? []
      : decoder.examples.map((example) => parsed(decoder.format, example));
    this.#seed = new DataView(sha256Sync(utf8(`${seed}\n${decoder.name}`)).buffer).getUint32(0);
  }

  at(index: number): Uint8Array {
    const random = new Random(this.#seed ^ Math.imul(index + 1, 0x9e3779b1));
    const input = index % 2 === 0 ? this.#random(random) : this.#mutant(random);
    return input.length > MAX_INPUT_BYTES ? input.slice(0, MAX_INPUT_BYTES) : input;
  }

  #random(random: Random): Uint8Array {
    const { format } = this.#decoder;
    if (random.nextBelow(2) === 0) {
      if (this.#decoder.random !== undefined) return this.#decoder.random(random);
      if (format !== "bytes") return written(format, randomTree(random, format === "json"));
    }
    return randomBytes(random, randomLength(random));
  }

  #mutant(random: Random): Uint8Array {
    const { examples, format } = this.#decoder;
    const which = random.nextBelow(examples.length);
    if (format === "bytes" || random.nextBelow(2) === 0) {
      return mutateBytes(examples[which], random, examples);
    }
    let value = this.#values[which];
    for (let k = random.nextBelow(3); k >= 0; k--) value = mutateValue(value, random, format === "json");
    return written(format, value);
  }
}

function parsed(format: InputFormat, bytes: Uint8Array): unknown {
  return format === "cbor" ? decode(bytes) : JSON.parse(fromUtf8(bytes));
}

function written(format: InputFormat, value: unknown): Uint8Array {
  return format === "cbor" ? encodePlain(value) : utf8(JSON.stringify(value) ?? "null");
}

/**
 * Reading a request's positional parameters. Whatever a client sends, the answer is a value of the wanted type or
 * error -32602.
 */
import { decodeAddress } from "@polkadot/util-crypto";
import { fromHex } from "../../../base/bytes.ts";
import { RpcError } from "../pool/refusal.ts";

const MAX_KEYS = 4096;
const MAX_U32 = 2 ** 32 - 1;
/** More than any address or key in hex has: base58 takes time by the square of its length. */
const MAX_ADDRESS_LENGTH = 128;
const HEX = /^0x(?:[0-9a-fA-F]{2})*$/;

export class Params {
  readonly #values: readonly unknown[];

  constructor(values: readonly unknown[]) {
    this.#values = values;
  }

  isAbsent(index: number): boolean {
    return this.#values[index] === undefined || this.#values[index] === null;
  }

  value(index: number): unknown {
    return this.#values[index];
  }

  text(index: number): string {
    const value = this.#values[index];
    if (typeof value !== "string") throw this.#wrong(index, "text");
    return value;
  }

  /** Lower case, with 0x. */
  hex(index: number): string {
    return hexText(this.#values[index]) ?? this.#fail(index, "hex with 0x");
  }

  optionalHex(index: number): string | undefined {
    return this.isAbsent(index) ? undefined : this.hex(index);
  }

  bytes(index: number): Uint8Array<ArrayBuffer> {
    return fromHex(this.hex(index));
  }

  /** @throws {RpcError} -32602, or 4002 for an integer above the limit */
  count(index: number, limit: number): number {
    const value = this.#values[index];
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MAX_U32) {
      throw this.#wrong(index, `an integer from 0 to ${limit}`);
    }
    if (value > limit) {
      throw new RpcError(4002, `count exceeds maximum value. value: ${value}, max: ${limit}`);
    }
    return value;
  }

  hexList(index: number): string[] {
    const value = this.#values[index];
    if (!Array.isArray(value) || value.length > MAX_KEYS) throw this.#wrong(index, `up to ${MAX_KEYS} keys`);
    return value.map((each) => hexText(each) ?? this.#fail(index, "hex with 0x"));
  }

  /** A public key, given as ss58 address or hex. */
  account(index: number): Uint8Array {
    const address = this.text(index);
    try {
      const key = address.length > MAX_ADDRESS_LENGTH ? undefined : decodeAddress(address);
      if (key?.byteLength === 32) return key;
    } catch {
      // told below, in one form for all that is no address
    }
    throw this.#wrong(index, "an account's address");
  }

  #wrong(index: number, wanted: string): RpcError {
    return new RpcError(-32602, `Invalid params: parameter ${index}, ${wanted} required`);
  }

  #fail(index: number, wanted: string): never {
    throw this.#wrong(index, wanted);
  }
}

function hexText(value: unknown): string | undefined {
  return typeof value === "string" && HEX.test(value) ? value.toLowerCase() : undefined;
}

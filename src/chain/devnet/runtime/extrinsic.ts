/**
 * Transactions as they come over the wire (extrinsic format 4): a length, a version byte with the signed bit, then
 * for a signed one address, signature and the extensions' explicit parts, then the call. What was signed is the call,
 * the explicit and the implicit parts; when that is longer than 256 bytes, its blake2-256.
 */
import { blake2AsU8a, ed25519Verify } from "@polkadot/util-crypto";
import { sr25519Verify } from "@polkadot/wasm-crypto";
import { concatBytes, toHex } from "../../../base/bytes.ts";
import { multiAddress, multiSignature } from "../pallets/common_types.ts";
import { tuple, type Variant, wrapper } from "../../scale/composite_types.ts";
import { bytes } from "../../scale/primitive_types.ts";
import { undecodable } from "../../scale/errors.ts";
import { ScaleReader, ScaleWriter } from "../../scale/scale_bytes.ts";
import { encodeValue, type TypeParameter } from "../../scale/scale_type.ts";
import { type Explicit, EXTENSIONS, implicitParts } from "./extensions.ts";
import { runtimeCall } from "./runtime.ts";

export const EXTRINSIC_VERSION = 4;
const SIGNED = 0x80;
const HASHED_ABOVE_BYTES = 256;

export const explicitType = tuple(...EXTENSIONS.map((extension) => extension.explicit));
const implicitType = tuple(...EXTENSIONS.map((extension) => extension.implicit));

const extrinsicParameters = (extension: string): TypeParameter[] => [
  { name: "Address", type: multiAddress },
  { name: "Call", type: runtimeCall },
  { name: "Signature", type: multiSignature },
  { name: extension, type: explicitType },
];

/** As opaque bytes. Clients find address, call and signature by its parameters; two layers, as in subtensor. */
export const uncheckedExtrinsic = wrapper(
  "fp_self_contained::unchecked_extrinsic::UncheckedExtrinsic",
  wrapper(
    "sp_runtime::generic::unchecked_extrinsic::UncheckedExtrinsic",
    bytes,
    extrinsicParameters("Extra"),
  ),
  extrinsicParameters("Extension"),
);

export interface Transaction {
  /** Hex with 0x of the blake2-256 of all its bytes. */
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly signer: Uint8Array;
  readonly signature: Variant;
  readonly explicit: Explicit;
  readonly call: Variant;
  /** The call and the explicit parts, as signed. */
  readonly signedBytes: Uint8Array;
}

/** @throws {SkeinError} `scale/undecodable` */
export function decodeTransaction(encoded: Uint8Array): Transaction {
  const reader = new ScaleReader(encoded);
  const byteCount = reader.length();
  if (byteCount !== reader.remainingBytes) {
    throw undecodable(`a transaction of ${reader.remainingBytes} bytes, ${byteCount} announced`);
  }
  const version = reader.u8();
  if (version !== (SIGNED | EXTRINSIC_VERSION)) {
    throw undecodable(`transaction version 0x${version.toString(16)}, signed version 4 required`);
  }
  const address = multiAddress.decode(reader);
  if (address.name !== "Id") throw undecodable(`a signer given as ${address.name}, Id required`);
  const signature = multiSignature.decode(reader);
  const explicitStart = reader.offset;
  const explicit = explicitType.decode(reader);
  const callStart = reader.offset;
  const call = runtimeCall.decode(reader);
  if (reader.remainingBytes > 0) throw undecodable(`${reader.remainingBytes} bytes after the call`);
  const explicitBytes = reader.slice(explicitStart, callStart);
  return {
    hash: `0x${toHex(blake2AsU8a(encoded, 256))}`,
    bytes: encoded,
    signer: address.value,
    signature,
    explicit: byExtension(explicit) as unknown as Explicit,
    call,
    signedBytes: concatBytes(reader.slice(callStart, reader.offset), explicitBytes),
  };
}

/** Whether this looks like a transaction, not like what a block's author puts in. */
export function isSigned(encoded: Uint8Array): boolean {
  const reader = new ScaleReader(encoded);
  reader.length();
  return (reader.u8() & SIGNED) !== 0;
}

/** The call of what nobody signed. @throws {SkeinError} `scale/undecodable` */
export function decodeInherent(encoded: Uint8Array): Variant {
  const reader = new ScaleReader(encoded);
  reader.length();
  const version = reader.u8();
  if (version !== EXTRINSIC_VERSION) {
    throw undecodable(`extrinsic version 0x${version.toString(16)}, 4 required`);
  }
  const call = runtimeCall.decode(reader);
  if (reader.remainingBytes > 0) throw undecodable(`${reader.remainingBytes} bytes after the call`);
  return call;
}

const byExtension = (values: readonly unknown[]) =>
  Object.fromEntries(EXTENSIONS.map((extension, i) => [extension.name, values[i]]));

/** Whether the signer signed this, for a chain with that genesis and that hash at the transaction's birth block. */
export function isSignedBySigner(
  transaction: Transaction,
  genesisHash: Uint8Array,
  birthHash: Uint8Array,
): boolean {
  if (transaction.explicit.CheckMetadataHash.mode.name !== "Disabled") return false;
  const implicit = implicitParts(genesisHash, birthHash);
  const values = EXTENSIONS.map((extension) => implicit[extension.name]);
  const payload = concatBytes(transaction.signedBytes, encodeValue(implicitType, values));
  const message = payload.byteLength > HASHED_ABOVE_BYTES ? blake2AsU8a(payload, 256) : payload;
  const { name, value } = transaction.signature;
  try {
    // By WebAssembly: most of the time that a transaction takes goes into this; the other library's takes thrice that.
    if (name === "Sr25519") return sr25519Verify(value, message, transaction.signer);
    if (name === "Ed25519") return ed25519Verify(message, value, transaction.signer);
    return false;
  } catch {
    return false; // the library throws for bytes that are no curve point
  }
}

/** What the block author puts in by itself, unsigned. */
export function encodeInherent(call: Variant): Uint8Array<ArrayBuffer> {
  const writer = new ScaleWriter();
  const body = concatBytes(Uint8Array.of(EXTRINSIC_VERSION), encodeValue(runtimeCall, call));
  writer.compact(body.byteLength);
  writer.raw(body);
  return writer.finish();
}

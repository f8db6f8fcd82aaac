/** Blocks: a header whose blake2-256 is the block's hash, and the extrinsics it stands for. */
import { blake2AsU8a } from "@polkadot/util-crypto";
import { toHex } from "../../../base/bytes.ts";
import { struct, vec } from "../../scale/composite_types.ts";
import { bytes, compact, fixedBytes, u32 } from "../../scale/primitive_types.ts";
import { encodeValue, type ValueOf } from "../../scale/scale_type.ts";

const hash = fixedBytes(32);
export const headerType = struct("", {
  parentHash: hash,
  number: compact(u32),
  stateRoot: hash,
  extrinsicsRoot: hash,
  /** Digest items; nobody seals these blocks, so there are none. */
  logs: vec(bytes),
});
export type Header = ValueOf<typeof headerType>;
export const bodyType = vec(bytes);

export interface Block {
  /** Hex with 0x. */
  readonly hash: string;
  readonly header: Header;
  /** Extrinsics, each with its own length in front. */
  readonly body: readonly Uint8Array[];
}

/** What a block does to the state; undefined deletes. */
export type Changes = ReadonlyMap<string, Uint8Array | undefined>;

export function hashOfHeader(header: Header): string {
  return hex(blake2AsU8a(encodeValue(headerType, header), 256));
}

/**
 * A digest of the extrinsics in their order. A real node has the root of a trie here; nobody proves membership to us.
 */
export function extrinsicsRoot(body: readonly Uint8Array[]): Uint8Array {
  return blake2AsU8a(encodeValue(bodyType, [...body]), 256);
}

export const hex = (value: Uint8Array): string => `0x${toHex(value)}`;

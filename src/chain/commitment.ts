/**
 * What a node publishes in the chain's commitment, within the 128 bytes that an epoch's allowance makes cheap:
 *
 *   0xA1 (format and version) | role | peer id | address count | { length, binary multiaddr } …
 *
 * The peer id is 0 and the 32 bytes of an Ed25519 key, or the length and bytes of a multihash. The first byte is no ASCII, so
 * that the text commitments of other subnets are never taken for ours. There is one encoding of an announcement:
 * decoding accepts only what encoding would have produced. The commitment comes from strangers.
 */
import { base58Decode, base58Encode } from "@polkadot/util-crypto";
import { concatBytes, equalBytes } from "../base/bytes.ts";
import { ByteReader } from "./byte_reader.ts";
import { chainError } from "./errors.ts";
import { decodeMultiaddr, encodeMultiaddr } from "./multiaddr_bytes.ts";

export interface Announcement {
  readonly role: "miner" | "validator";
  /** base58btc of a multihash, as libp2p prints it. */
  readonly peerId: string;
  /** Multiaddrs without /p2p, the best first. */
  readonly addrs: readonly string[];
}

export const ANNOUNCEMENT_MAX_BYTES = 128;
const FORMAT = 0xa1;
const ROLES = ["miner", "validator"] as const;
/** Identity multihash of a protobuf-encoded Ed25519 key: code 0, length 36, then type 1 and 32 bytes of data. */
const ED25519_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20);
const ED25519_KEY_BYTES = 32;
const MULTIHASH_MAX_BYTES = 66;

/** @throws {SkeinError} `chain/announcement-too-long`, `chain/bad-announcement` */
export function encodeAnnouncement(announcement: Announcement): Uint8Array {
  const role = ROLES.indexOf(announcement.role);
  if (role < 0) throw bad(`role "${announcement.role}", miner or validator is required`);
  const parts = [Uint8Array.of(FORMAT, role), encodePeerId(announcement.peerId)];
  parts.push(Uint8Array.of(announcement.addrs.length & 0xff));
  let sizeBytes = parts.reduce((total, part) => total + part.byteLength, 0);
  announcement.addrs.forEach((addr, i) => {
    const bytes = encodeMultiaddr(addr);
    if (bytes === undefined) {
      throw bad(`address "${addr.slice(0, 100)}", a multiaddr of known protocols is required, leave it out`);
    }
    sizeBytes += 1 + bytes.byteLength;
    if (sizeBytes > ANNOUNCEMENT_MAX_BYTES) {
      throw chainError(
        "chain/announcement-too-long",
        `encode announcement: ${sizeBytes} bytes with ${addr}, at most ${ANNOUNCEMENT_MAX_BYTES} are allowed, ` +
          `drop the addresses from number ${i + 1} on`,
        { keepCount: i },
      );
    }
    parts.push(Uint8Array.of(bytes.byteLength), bytes);
  });
  return concatBytes(...parts);
}

/** @throws {SkeinError} `chain/bad-announcement` on anything that `encodeAnnouncement` does not produce */
export function decodeAnnouncement(bytes: Uint8Array): Announcement {
  if (bytes.byteLength > ANNOUNCEMENT_MAX_BYTES) {
    throw bad(`${bytes.byteLength} bytes, at most ${ANNOUNCEMENT_MAX_BYTES} are allowed`);
  }
  const reader = new ByteReader(bytes);
  if (reader.byte() !== FORMAT) throw bad("another format, an announcement of this version is required");
  const role = ROLES[reader.byte() ?? -1];
  if (role === undefined) throw bad("an unknown role, miner or validator is required");
  const peerId = decodePeerId(reader);
  const addrCount = reader.byte() ?? -1;
  const addrs: string[] = [];
  for (let i = 0; i < addrCount; i++) {
    const packed = reader.take(reader.byte() ?? -1);
    const addr = packed === undefined ? undefined : decodeMultiaddr(packed);
    if (addr === undefined) throw bad(`address ${i + 1} of ${addrCount} is no multiaddr of known protocols`);
    addrs.push(addr);
  }
  const announcement = { role, peerId, addrs };
  if (!equalBytes(encodeAnnouncement(announcement), bytes)) {
    throw bad("not the canonical encoding, which alone is accepted");
  }
  return announcement;
}

function encodePeerId(peerId: string): Uint8Array {
  const multihash = /^[1-9A-HJ-NP-Za-km-z]{1,100}$/.test(peerId) ? base58Decode(peerId) : new Uint8Array(0);
  const { byteLength } = multihash;
  if (byteLength < 2 || byteLength > MULTIHASH_MAX_BYTES) {
    throw bad(`peer id "${peerId.slice(0, 100)}", base58 of a multihash is required`);
  }
  const isEd25519 = byteLength === ED25519_PREFIX.byteLength + ED25519_KEY_BYTES &&
    equalBytes(multihash.subarray(0, ED25519_PREFIX.byteLength), ED25519_PREFIX);
  return isEd25519
    ? concatBytes(Uint8Array.of(0), multihash.subarray(ED25519_PREFIX.byteLength))
    : concatBytes(Uint8Array.of(byteLength), multihash);
}

function decodePeerId(reader: ByteReader): string {
  const multihashBytes = reader.byte() ?? -1;
  const value = reader.take(multihashBytes === 0 ? ED25519_KEY_BYTES : multihashBytes);
  if (value === undefined || value.byteLength > MULTIHASH_MAX_BYTES) throw bad("no whole peer id");
  return base58Encode(multihashBytes === 0 ? concatBytes(ED25519_PREFIX, value) : value);
}

function bad(found: string): Error {
  return chainError("chain/bad-announcement", `read announcement: ${found}`);
}

/**
 * Signed announcements in the DHT, one per hotkey under /skein/<hotkey>/announce.
 *
 * Record: sequence u64 | expiresMs u64 | sr25519 signature 64 | payload, little-endian. The signature covers a domain,
 * the key, sequence, expiry and payload. kad-dht stores any record that passes its validator without comparing it to
 * the one it has, so an old record could be replayed over a newer one; the book below remembers the newest it has seen
 * and refuses what is older. It also keeps that record, which makes a lookup independent of who answers last.
 */
import { concatBytes, equalBytes, fromUtf8, utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Hotkey, Signer, VerifySignature } from "../base/transport.ts";
import { SIGNATURE_BYTES, verifies } from "./binding.ts";
import { netError } from "./errors.ts";

const DOMAIN = "skein/announce/v1\0";
const FIXED_BYTES = 16;
const PREFIX_BYTES = FIXED_BYTES + SIGNATURE_BYTES;
export const MAX_ANNOUNCEMENT_BYTES = 8 * 1024;
export const MAX_ANNOUNCEMENT_LIFETIME_MS = 24 * 3600 * 1000;
const MAX_ENTRIES = 4096;

export interface Announcement {
  readonly sequence: bigint;
  readonly expiresMs: number;
  readonly payload: Uint8Array;
}

export const announcementKey = (hotkey: Hotkey): Uint8Array<ArrayBuffer> => utf8(`/skein/${hotkey}/announce`);

export function encodeAnnouncement(signer: Signer, announcement: Announcement): Uint8Array<ArrayBuffer> {
  const fixed = new Uint8Array(FIXED_BYTES);
  const view = new DataView(fixed.buffer);
  view.setBigUint64(0, announcement.sequence, true);
  view.setBigUint64(8, BigInt(announcement.expiresMs), true);
  const signature = signer.sign(signedBytes(announcementKey(signer.hotkey), fixed, announcement.payload));
  return concatBytes(fixed, signature, announcement.payload);
}

const signedBytes = (key: Uint8Array, fixed: Uint8Array, payload: Uint8Array) =>
  concatBytes(utf8(DOMAIN), key, fixed, payload);

function decode(record: Uint8Array): Announcement {
  const view = new DataView(record.buffer, record.byteOffset, FIXED_BYTES);
  return {
    sequence: view.getBigUint64(0, true),
    expiresMs: Number(view.getBigUint64(8, true)),
    payload: record.slice(PREFIX_BYTES),
  };
}

/** sr25519 signatures are randomised: the same statement may be signed twice. */
const saysTheSame = (a: Uint8Array, b: Uint8Array): boolean =>
  equalBytes(a.subarray(0, FIXED_BYTES), b.subarray(0, FIXED_BYTES)) &&
  equalBytes(a.subarray(PREFIX_BYTES), b.subarray(PREFIX_BYTES));

export class AnnouncementBook {
  readonly #clock: Clock;
  readonly #verify: VerifySignature;
  readonly #isRegistered: (hotkey: Hotkey) => boolean | Promise<boolean>;
  readonly #newest = new Map<Hotkey, Uint8Array>();

  constructor(dependencies: {
    clock: Clock;
    verify: VerifySignature;
    isRegistered(hotkey: Hotkey): boolean | Promise<boolean>;
  }) {
    this.#clock = dependencies.clock;
    this.#verify = dependencies.verify;
    this.#isRegistered = dependencies.isRegistered;
  }

  /**
   * The DHT's validator. Remembers the record when it is the newest.
   * @throws {SkeinError} `net/record-refused` with a `reason` in the payload
   */
  async validate(key: Uint8Array, record: Uint8Array): Promise<void> {
    const parts = fromUtf8(key).split("/");
    const hotkey = parts[2];
    if (parts.length !== 4 || parts[1] !== "skein" || parts[3] !== "announce") {
      refuse("key", fromUtf8(key).slice(0, 80));
    }
    if (record.length < PREFIX_BYTES || record.length > MAX_ANNOUNCEMENT_BYTES) {
      refuse("size", `${record.length} bytes`);
    }
    const { sequence, expiresMs } = decode(record);
    const leftMs = expiresMs - this.#clock.nowMs();
    if (leftMs <= 0) refuse("expired", `it ended ${-leftMs} ms ago`);
    if (leftMs > MAX_ANNOUNCEMENT_LIFETIME_MS) refuse("expiry", `it lasts ${leftMs} ms more`);
    this.#refuseOlder(hotkey, sequence, record);
    if (!(await this.#isRegistered(hotkey))) refuse("unregistered", hotkey);
    const signature = record.slice(FIXED_BYTES, PREFIX_BYTES);
    const signed = signedBytes(key, record.subarray(0, FIXED_BYTES), record.subarray(PREFIX_BYTES));
    if (!verifies(this.#verify, hotkey, signed, signature)) refuse("signature", `not by ${hotkey}`);
    this.#refuseOlder(hotkey, sequence, record); // another may have been accepted meanwhile
    this.#newest.delete(hotkey);
    this.#newest.set(hotkey, record.slice());
    if (this.#newest.size > MAX_ENTRIES) this.#newest.delete(this.#newest.keys().next().value!);
  }

  /** The DHT's selector: highest sequence; what is too short to have one comes last. */
  select(_key: Uint8Array, records: Uint8Array[]): number {
    const sequences = records.map((record) => record.length < PREFIX_BYTES ? -1n : decode(record).sequence);
    let best = 0;
    for (let i = 1; i < records.length; i++) if (sequences[i] > sequences[best]) best = i;
    return best;
  }

  /** The newest record seen of `hotkey` that has not expired. */
  newest(hotkey: Hotkey): Announcement | undefined {
    const record = this.#newest.get(hotkey);
    if (record === undefined) return undefined;
    const announcement = decode(record);
    return announcement.expiresMs > this.#clock.nowMs() ? announcement : undefined;
  }

  /** Highest sequence seen of `hotkey`, expired or not; 0 when none. */
  sequence(hotkey: Hotkey): bigint {
    const record = this.#newest.get(hotkey);
    return record === undefined ? 0n : decode(record).sequence;
  }

  #refuseOlder(hotkey: Hotkey, sequence: bigint, record: Uint8Array): void {
    const known = this.#newest.get(hotkey);
    if (known === undefined) return;
    const newest = decode(known).sequence;
    if (sequence < newest) refuse("stale", `sequence ${sequence}, at least ${newest} is required`);
    if (sequence === newest && !saysTheSame(known, record)) {
      refuse("equivocal", `sequence ${sequence} says two things`);
    }
  }
}

function refuse(reason: string, text: string): never {
  throw netError("net/record-refused", `accept DHT record: ${reason}: ${text}`, { reason });
}

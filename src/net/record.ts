/**
 * Signed records in the DHT, one per hotkey and kind under /skein/<hotkey>/<kind>; only the hotkey can write it.
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

const DOMAIN = "skein/record/v1\0";
const FIXED_BYTES = 16;
const PREFIX_BYTES = FIXED_BYTES + SIGNATURE_BYTES;
const MAX_ENTRIES = 4096;
const DAY_MS = 24 * 3_600_000;

export interface RecordLimits {
  readonly maxBytes: number;
  /** From when it is seen until it expires. */
  readonly maxLifetimeMs: number;
}

/** `announce`: where a node is. */
export const RECORD_KINDS = {
  announce: { maxBytes: 8 * 1024, maxLifetimeMs: DAY_MS },
} as const satisfies Readonly<Record<string, RecordLimits>>;

export type RecordKind = keyof typeof RECORD_KINDS;

export interface SignedRecord {
  readonly sequence: bigint;
  readonly expiresMs: number;
  readonly payload: Uint8Array;
}

export const recordKey = (hotkey: Hotkey, kind: RecordKind): Uint8Array<ArrayBuffer> =>
  utf8(`/skein/${hotkey}/${kind}`);

export function encodeRecord(
  signer: Signer,
  kind: RecordKind,
  record: SignedRecord,
): Uint8Array<ArrayBuffer> {
  const fixed = new Uint8Array(FIXED_BYTES);
  const view = new DataView(fixed.buffer);
  view.setBigUint64(0, record.sequence, true);
  view.setBigUint64(8, BigInt(record.expiresMs), true);
  const signature = signer.sign(signedBytes(recordKey(signer.hotkey, kind), fixed, record.payload));
  return concatBytes(fixed, signature, record.payload);
}

const signedBytes = (key: Uint8Array, fixed: Uint8Array, payload: Uint8Array) =>
  concatBytes(utf8(DOMAIN), key, fixed, payload);

function decode(record: Uint8Array): SignedRecord {
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

export class RecordBook {
  readonly #clock: Clock;
  readonly #verify: VerifySignature;
  readonly #isRegistered: (hotkey: Hotkey) => boolean | Promise<boolean>;
  /** By the key's text; the longest unchanged first. */
  readonly #newest = new Map<string, Uint8Array>();

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
    const { name, hotkey, limits } = parseKey(key);
    if (record.length < PREFIX_BYTES || record.length > limits.maxBytes) {
      refuse("size", `${record.length} bytes`);
    }
    const { sequence, expiresMs } = decode(record);
    const leftMs = expiresMs - this.#clock.nowMs();
    if (leftMs <= 0) refuse("expired", `it ended ${-leftMs} ms ago`);
    if (leftMs > limits.maxLifetimeMs) refuse("expiry", `it lasts ${leftMs} ms more`);
    this.#refuseOlder(name, sequence, record);
    if (!(await this.#isRegistered(hotkey))) refuse("unregistered", hotkey);
    const signature = record.slice(FIXED_BYTES, PREFIX_BYTES);
    const signed = signedBytes(key, record.subarray(0, FIXED_BYTES), record.subarray(PREFIX_BYTES));
    if (!verifies(this.#verify, hotkey, signed, signature)) refuse("signature", `not by ${hotkey}`);
    this.#refuseOlder(name, sequence, record); // another may have been accepted meanwhile
    this.#newest.delete(name);
    this.#newest.set(name, record.slice());
    if (this.#newest.size > MAX_ENTRIES) this.#newest.delete(this.#newest.keys().next().value!);
  }

  /** The DHT's selector: highest sequence; what is too short to have one comes last. */
  select(_key: Uint8Array, records: Uint8Array[]): number {
    const sequences = records.map((record) => record.length < PREFIX_BYTES ? -1n : decode(record).sequence);
    let best = 0;
    for (let i = 1; i < records.length; i++) if (sequences[i] > sequences[best]) best = i;
    return best;
  }

  /** The newest record seen that has not expired. */
  newest(hotkey: Hotkey, kind: RecordKind): SignedRecord | undefined {
    const bytes = this.#newest.get(fromUtf8(recordKey(hotkey, kind)));
    if (bytes === undefined) return undefined;
    const record = decode(bytes);
    return record.expiresMs > this.#clock.nowMs() ? record : undefined;
  }

  /** Highest sequence seen, expired or not; 0 when none. */
  sequence(hotkey: Hotkey, kind: RecordKind): bigint {
    const bytes = this.#newest.get(fromUtf8(recordKey(hotkey, kind)));
    return bytes === undefined ? 0n : decode(bytes).sequence;
  }

  #refuseOlder(name: string, sequence: bigint, record: Uint8Array): void {
    const known = this.#newest.get(name);
    if (known === undefined) return;
    const newest = decode(known).sequence;
    if (sequence < newest) refuse("stale", `sequence ${sequence}, at least ${newest} is required`);
    if (sequence === newest && !saysTheSame(known, record)) {
      refuse("equivocal", `sequence ${sequence} says two things`);
    }
  }
}

function parseKey(key: Uint8Array): { name: string; hotkey: Hotkey; limits: RecordLimits } {
  const name = fromUtf8(key);
  const parts = name.split("/");
  const [, room, hotkey, kind] = parts;
  if (parts.length !== 4 || room !== "skein" || !Object.hasOwn(RECORD_KINDS, kind)) {
    refuse("key", name.slice(0, 80));
  }
  return { name, hotkey, limits: RECORD_KINDS[kind as RecordKind] };
}

function refuse(reason: string, text: string): never {
  throw netError("net/record-refused", `accept DHT record: ${reason}: ${text}`, { reason });
}

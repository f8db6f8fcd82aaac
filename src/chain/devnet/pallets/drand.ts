/**
 * A beacon's pulses, which open locked messages. This chain is its own beacon: its key is made with the genesis and lies in
 * the state, for everybody to see; clients read the public half from BeaconConfig and lock to that. The pulse of each
 * round that is due is put in as blocks are made. After a pause only the newest ones; an earlier one is made when asked for.
 */
import { concatBytes, fromHex, sha256Sync, utf8 } from "../../../base/bytes.ts";
import { beaconPublicKey, QUICKNET, roundAt, signRound } from "../../timelock/mod.ts";
import { struct, vec } from "../../scale/composite_types.ts";
import { bytes, u32, u64 } from "../../scale/primitive_types.ts";
import type { ValueOf } from "../../scale/scale_type.ts";
import { boundedBytes } from "./common_types.ts";
import { type CallContext, constant, type Pallet } from "./pallet.ts";
import { blake2Concat, StorageDeclarations } from "./storage_entry.ts";
import { Now } from "./timestamp.ts";
import type { TypedState } from "./typed_state.ts";

/** Signing takes about 2 ms. */
const MAX_PULSES_PER_BLOCK = 4;
/** An hour of rounds of three seconds. */
const KEPT_PULSES = 1200n;

const hash = boundedBytes(32);
const beaconConfiguration = struct("pallet_drand::types::BeaconConfiguration", {
  public_key: boundedBytes(96),
  period: u32,
  genesis_time: u32,
  hash,
  group_hash: hash,
  scheme_id: hash,
  metadata: struct("pallet_drand::types::Metadata", { beacon_id: hash }),
});
const pulseType = struct("pallet_drand::types::Pulse", {
  round: u64,
  randomness: hash,
  signature: boundedBytes(144),
});
export type Pulse = ValueOf<typeof pulseType>;
export type BeaconConfiguration = ValueOf<typeof beaconConfiguration>;

const SCHEME = utf8("bls-unchained-g1-rfc9380");
const quicknet: BeaconConfiguration = {
  public_key: QUICKNET.publicKey,
  period: QUICKNET.periodSec,
  genesis_time: QUICKNET.genesisSec,
  hash: fromHex("52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"),
  group_hash: fromHex("f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e"),
  scheme_id: SCHEME,
  metadata: { beacon_id: utf8("quicknet") },
};

const storage = new StorageDeclarations("Drand");
export const BeaconConfig = storage.plain("BeaconConfig", beaconConfiguration, quicknet);
export const Pulses = storage.optionalMap("Pulses", [blake2Concat(u64)], pulseType);
export const LastStoredRound = storage.plain("LastStoredRound", u64, 0n);

/** This chain's own, outside the metadata. Empty on a chain whose beacon is elsewhere. */
export const BeaconSecret = new StorageDeclarations("Skein").plain("BeaconSecret", bytes, new Uint8Array());

/** Makes a new chain its own beacon, which begins now. */
export function openBeacon(state: TypedState, nonce: Uint8Array, nowMs: number): void {
  const secret = sha256Sync(concatBytes(utf8("skein local beacon"), nonce));
  secret[0] &= 0x3f; // below the group's order, which begins with 0x73
  state.set(BeaconSecret, secret);
  state.set(BeaconConfig, {
    public_key: beaconPublicKey(secret),
    period: QUICKNET.periodSec,
    genesis_time: Math.floor(nowMs / 1000),
    hash: sha256Sync(nonce),
    group_hash: sha256Sync(nonce),
    scheme_id: SCHEME,
    metadata: { beacon_id: utf8("skein") },
  });
}

/** @returns undefined for a round that is not due, or that another beacon has not been heard of */
export function pulseOf({ state }: CallContext, round: bigint): Pulse | undefined {
  const stored = state.get(Pulses, round);
  if (stored) return stored;
  const secret = state.get(BeaconSecret);
  if (secret.byteLength === 0 || round === 0n || round > state.get(LastStoredRound)) return undefined;
  return pulse(round, secret);
}

function pulse(round: bigint, secret: Uint8Array): Pulse {
  const signature = signRound(round, secret);
  return { round, randomness: sha256Sync(signature), signature };
}

/** The time is the block's before: this one's is not known yet. */
function writeDuePulses(context: CallContext): void {
  const { state } = context;
  const secret = state.get(BeaconSecret);
  if (secret.byteLength === 0) return;
  const { genesis_time, period } = state.get(BeaconConfig);
  const newest = BigInt(roundAt(Number(state.get(Now)), { genesisSec: genesis_time, periodSec: period }));
  const last = state.get(LastStoredRound);
  if (newest <= last) return;
  const rounds: bigint[] = [];
  for (let round = newest; round > last && rounds.length < MAX_PULSES_PER_BLOCK; round--) {
    rounds.unshift(round);
  }
  for (const round of rounds) {
    state.set(Pulses, pulse(round, secret), round);
    if (round > KEPT_PULSES) state.remove(Pulses, round - KEPT_PULSES);
  }
  state.set(LastStoredRound, newest);
  context.deposit(drand, "NewPulse", { rounds });
}

export const drand: Pallet = {
  name: "Drand",
  index: 26,
  crate: "pallet_drand",
  storage: storage.declared,
  calls: [],
  events: { NewPulse: [1, { rounds: vec(u64) }] },
  errors: {},
  constants: [
    constant("UnsignedPriority", u64, 1n << 20n),
    constant("HttpFetchTimeout", u64, 1000n),
  ],
  onInitialize: writeDuePulses,
};

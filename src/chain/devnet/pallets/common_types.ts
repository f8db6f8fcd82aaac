/** Types of the Substrate frame that more than one pallet uses, under the Rust paths by which clients know them. */
import {
  plainVariant,
  struct,
  unit,
  type Variant,
  variant,
  vec,
  wrapper,
} from "../../scale/composite_types.ts";
import { bytes, compact, fixedBytes, u128, u32, u64, u8 } from "../../scale/primitive_types.ts";
import { undecodable } from "../../scale/errors.ts";
import { lateType, type ScaleType } from "../../scale/scale_type.ts";

export const accountId = wrapper("sp_core::crypto::AccountId32", fixedBytes(32));
export const h256 = wrapper("primitive_types::H256", fixedBytes(32));

/** subtensor has no account indices: the number inside is the empty tuple. */
const noIndex: ScaleType<undefined> = {
  shape: { kind: "compact", of: unit },
  encode() {},
  decode: () => undefined,
};

export const multiAddress = variant("sp_runtime::multiaddress::MultiAddress", {
  Id: [0, accountId],
  Index: [1, noIndex],
  Raw: [2, bytes],
  Address32: [3, fixedBytes(32)],
  Address20: [4, fixedBytes(20)],
}, [{ name: "AccountId", type: accountId }, { name: "AccountIndex", type: unit }]);

const BOUNDED_VEC = "bounded_collections::bounded_vec::BoundedVec";
export const boundedVec = <T>(of: ScaleType<T>): ScaleType<T[]> =>
  wrapper(BOUNDED_VEC, vec(of), [{ name: "T", type: of }, { name: "S" }]);

/** Vec<u8> of no more bytes than that. */
export function boundedBytes(maxBytes: number): ScaleType<Uint8Array> {
  const { shape, encode } = wrapper(BOUNDED_VEC, bytes, [{ name: "T", type: u8 }, { name: "S" }]);
  return {
    shape,
    encode,
    decode(from) {
      const value = bytes.decode(from);
      if (value.byteLength <= maxBytes) return value;
      throw undecodable(`${value.byteLength} bytes where at most ${maxBytes} are allowed`);
    },
  };
}

export const multiSignature = variant("sp_runtime::MultiSignature", {
  Ed25519: [0, fixedBytes(64)],
  Sr25519: [1, fixedBytes(64)],
  Ecdsa: [2, fixedBytes(65)],
});

export const weight = struct("sp_weights::weight_v2::Weight", {
  ref_time: compact(u64),
  proof_size: compact(u64),
});
export const dispatchClass = plainVariant("frame_support::dispatch::DispatchClass", [
  "Normal",
  "Operational",
  "Mandatory",
]);
export const pays = plainVariant("frame_support::dispatch::Pays", ["Yes", "No"]);
export const dispatchEventInfo = struct("frame_system::DispatchEventInfo", {
  weight,
  class: dispatchClass,
  pays_fee: pays,
});

const moduleError = struct("sp_runtime::ModuleError", { index: u8, error: fixedBytes(4) });
const tokenError = plainVariant("sp_runtime::TokenError", [
  "FundsUnavailable",
  "OnlyProvider",
  "BelowMinimum",
  "CannotCreate",
  "UnknownAsset",
  "Frozen",
  "Unsupported",
  "CannotCreateHold",
  "NotExpendable",
  "Blocked",
]);
const arithmeticError = plainVariant("sp_arithmetic::ArithmeticError", [
  "Underflow",
  "Overflow",
  "DivisionByZero",
]);
const transactionalError = plainVariant("sp_runtime::TransactionalError", ["LimitReached", "NoLayer"]);
const trieError = plainVariant("sp_runtime::proving_trie::TrieError", [
  "InvalidStateRoot",
  "IncompleteDatabase",
  "ValueAtIncompleteKey",
  "DecoderError",
  "InvalidHash",
  "DuplicateKey",
  "ExtraneousNode",
  "ExtraneousValue",
  "ExtraneousHashReference",
  "InvalidChildReference",
  "ValueMismatch",
  "IncompleteProof",
  "RootMismatch",
  "DecodeError",
]);

export const dispatchError = variant("sp_runtime::DispatchError", {
  Other: [0],
  CannotLookup: [1],
  BadOrigin: [2],
  Module: [3, moduleError],
  ConsumerRemaining: [4],
  NoProviders: [5],
  TooManyConsumers: [6],
  Token: [7, tokenError],
  Arithmetic: [8, arithmeticError],
  Transactional: [9, transactionalError],
  Exhausted: [10],
  Corruption: [11],
  Unavailable: [12],
  RootNotAllowed: [13],
  Trie: [14, trieError],
});

/** The events of all pallets; the runtime defines it from its list of pallets. */
export const runtimeEvent = lateType<Variant>();
/** Likewise the calls, for those that hold others. */
export const runtimeCall = lateType<Variant>();

export const phase = variant("frame_system::Phase", {
  ApplyExtrinsic: [0, u32],
  Finalization: [1],
  Initialization: [2],
});
export const eventRecord = struct("frame_system::EventRecord", {
  phase,
  event: runtimeEvent,
  topics: vec(h256),
}, [{ name: "E", type: runtimeEvent }, { name: "T", type: h256 }]);

const accountFlags = wrapper("pallet_balances::types::ExtraFlags", u128);
export const accountData = struct("pallet_balances::types::AccountData", {
  free: u64,
  reserved: u64,
  frozen: u64,
  flags: accountFlags,
}, [{ name: "Balance", type: u64 }]);
export const accountInfo = struct("frame_system::AccountInfo", {
  nonce: u32,
  consumers: u32,
  providers: u32,
  sufficients: u32,
  data: accountData,
}, [{ name: "Nonce", type: u32 }, { name: "AccountData", type: accountData }]);

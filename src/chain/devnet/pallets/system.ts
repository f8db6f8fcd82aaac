/** Accounts, block numbers and hashes, events. The block author writes most of it; see blocks/author.ts. */
import { blake2AsU8a } from "@polkadot/util-crypto";
import { RUNTIME_VERSION, runtimeVersionType } from "../runtime/version.ts";
import { vec } from "../../scale/composite_types.ts";
import { bytes, u16, u32 } from "../../scale/primitive_types.ts";
import { BLOCK_LIMITS } from "./block_limits.ts";
import {
  accountId,
  accountInfo,
  dispatchError,
  dispatchEventInfo,
  eventRecord,
  h256,
} from "./common_types.ts";
import { call, constant, type Pallet, signerOf } from "./pallet.ts";
import { blake2Concat, StorageDeclarations, twox64Concat } from "./storage_entry.ts";

/** How many block hashes the state holds; a mortal transaction is born at one of them. */
export const BLOCK_HASH_COUNT = 2400;
export const SS58_PREFIX = 42;

/** Marks an account of the present balances logic. */
const NEW_LOGIC = 1n << 127n;
const EMPTY_ACCOUNT = {
  nonce: 0,
  consumers: 0,
  providers: 0,
  sufficients: 0,
  data: { free: 0n, reserved: 0n, frozen: 0n, flags: NEW_LOGIC },
};
const NO_HASH = new Uint8Array(32);

const storage = new StorageDeclarations("System");
export const Account = storage.map("Account", [blake2Concat(accountId)], accountInfo, EMPTY_ACCOUNT);
export const BlockHash = storage.map("BlockHash", [twox64Concat(u32)], h256, NO_HASH);
export const BlockNumber = storage.plain("Number", u32, 0);
export const ParentHash = storage.plain("ParentHash", h256, NO_HASH);
export const Events = storage.plain("Events", vec(eventRecord), []);
export const EventCount = storage.plain("EventCount", u32, 0);

export const system: Pallet = {
  name: "System",
  index: 0,
  crate: "frame_system",
  storage: storage.declared,
  calls: [
    call(0, "remark", { remark: bytes }, (_args, context) => {
      if (!context.isRoot) signerOf(context);
    }),
    call(7, "remark_with_event", { remark: bytes }, ({ remark }, context) => {
      context.deposit(system, "Remarked", { sender: signerOf(context), hash: blake2AsU8a(remark, 256) });
    }),
  ],
  events: {
    ExtrinsicSuccess: [0, { dispatch_info: dispatchEventInfo }],
    ExtrinsicFailed: [1, { dispatch_error: dispatchError, dispatch_info: dispatchEventInfo }],
    NewAccount: [3, { account: accountId }],
    KilledAccount: [4, { account: accountId }],
    Remarked: [5, { sender: accountId, hash: h256 }],
  },
  errors: { CallFiltered: 5 },
  constants: [
    ...BLOCK_LIMITS,
    constant("BlockHashCount", u32, BLOCK_HASH_COUNT),
    constant("Version", runtimeVersionType, RUNTIME_VERSION),
    constant("SS58Prefix", u16, SS58_PREFIX),
  ],
};

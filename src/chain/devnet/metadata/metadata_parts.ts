/**
 * The parts that metadata versions 14 and 15 share: pallets with their storage, constants, and numbers of their
 * enumerations.
 */
import { encodeValue } from "../../scale/scale_type.ts";
import { option, plainVariant, struct, tuple, variant, vec } from "../../scale/composite_types.ts";
import { bytes, text, u8 } from "../../scale/primitive_types.ts";
import type { AnyEntry, HashedKey } from "../pallets/storage_entry.ts";
import type { RuntimePallet } from "../runtime/runtime.ts";
import { docs, typeId, type TypeRegistry } from "./type_registry.ts";

export const MAGIC = 0x6174656d; // "meta"

const hasher = plainVariant("", [
  "Blake2_128",
  "Blake2_256",
  "Blake2_128Concat",
  "Twox128",
  "Twox256",
  "Twox64Concat",
  "Identity",
]);
const entryKind = variant("", {
  Plain: [0, typeId],
  Map: [1, { hashers: vec(hasher), key: typeId, value: typeId }],
});
const storageEntry = struct("", {
  name: text,
  modifier: plainVariant("", ["Optional", "Default"]),
  kind: entryKind,
  fallback: bytes,
  docs,
});
const constantType = struct("", { name: text, type: typeId, value: bytes, docs });

export const palletFields = {
  name: text,
  storage: option(struct("", { prefix: text, entries: vec(storageEntry) })),
  calls: option(typeId),
  event: option(typeId),
  constants: vec(constantType),
  error: option(typeId),
  index: u8,
};

export function palletValue({ pallet, call, event, error }: RuntimePallet, registry: TypeRegistry) {
  return {
    name: pallet.name,
    storage: pallet.storage.length === 0
      ? undefined
      : { prefix: pallet.name, entries: pallet.storage.map((entry) => entryValue(entry, registry)) },
    calls: call && registry.number(call),
    event: event && registry.number(event),
    constants: pallet.constants.map(({ name, type, value }) => ({
      name,
      type: registry.number(type),
      value: encodeValue(type, value),
      docs: [],
    })),
    error: error && registry.number(error),
    index: pallet.index,
  };
}

function entryValue(entry: AnyEntry, registry: TypeRegistry) {
  const keys = entry.keys as readonly HashedKey<unknown>[];
  const keyTypes = keys.map((key) => key.type);
  const value = registry.number(entry.value);
  const kind = keys.length === 0 ? { name: "Plain", value } : {
    name: "Map",
    value: {
      hashers: keys.map((key) => ({ name: key.hasher })),
      key: registry.number(keyTypes.length === 1 ? keyTypes[0] : tuple(...keyTypes)),
      value,
    },
  };
  return {
    name: entry.name,
    modifier: { name: entry.isOptional ? "Optional" : "Default" },
    kind,
    fallback: entry.isOptional ? Uint8Array.of(0) : encodeValue(entry.value, entry.fallback),
    docs: [],
  };
}

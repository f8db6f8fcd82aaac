/** Metadata version 14: the one every client of the last years reads. */
import { EXTRINSIC_VERSION, uncheckedExtrinsic } from "../runtime/extrinsic.ts";
import { EXTENSIONS } from "../runtime/extensions.ts";
import { RUNTIME_PALLETS, runtimeType } from "../runtime/runtime.ts";
import { struct, vec } from "../../scale/composite_types.ts";
import { text, u32, u8 } from "../../scale/primitive_types.ts";
import { encodeValue } from "../../scale/scale_type.ts";
import { MAGIC, palletFields, palletValue } from "./metadata_parts.ts";
import { portableType, typeId, TypeRegistry } from "./type_registry.ts";

const extensionType = struct("", { identifier: text, type: typeId, implicit: typeId });

const metadataType = struct("", {
  magic: u32,
  version: u8,
  types: vec(portableType),
  pallets: vec(struct("", palletFields)),
  extrinsic: struct("", { type: typeId, version: u8, extensions: vec(extensionType) }),
  runtime: typeId,
});

export function metadataV14(): Uint8Array<ArrayBuffer> {
  const registry = new TypeRegistry();
  const pallets = RUNTIME_PALLETS.map((each) => palletValue(each, registry));
  const extrinsic = {
    type: registry.number(uncheckedExtrinsic),
    version: EXTRINSIC_VERSION,
    extensions: EXTENSIONS.map(({ name, explicit, implicit }) => ({
      identifier: name,
      type: registry.number(explicit),
      implicit: registry.number(implicit),
    })),
  };
  const runtime = registry.number(runtimeType);
  return encodeValue(metadataType, {
    magic: MAGIC,
    version: 14,
    types: [...registry.types],
    pallets,
    extrinsic,
    runtime,
  });
}

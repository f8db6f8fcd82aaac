/** Metadata version 15: adds the runtime APIs, and names the types that version 14 leaves to be guessed. */
import { multiAddress, multiSignature, runtimeEvent } from "../pallets/common_types.ts";
import { explicitType, EXTRINSIC_VERSION, uncheckedExtrinsic } from "../runtime/extrinsic.ts";
import { EXTENSIONS } from "../runtime/extensions.ts";
import { RUNTIME_PALLETS, runtimeCall, runtimeError, runtimeType } from "../runtime/runtime.ts";
import { RUNTIME_APIS } from "../runtime/runtime_apis.ts";
import { struct, tuple, vec } from "../../scale/composite_types.ts";
import { text, u32, u8 } from "../../scale/primitive_types.ts";
import { encodeValue } from "../../scale/scale_type.ts";
import { MAGIC, palletFields, palletValue } from "./metadata_parts.ts";
import { docs, portableType, typeId, TypeRegistry } from "./type_registry.ts";

const extensionType = struct("", { identifier: text, type: typeId, implicit: typeId });
const inputType = struct("", { name: text, type: typeId });
const methodType = struct("", { name: text, inputs: vec(inputType), output: typeId, docs });
const customValue = struct("", { name: text });

const metadataType = struct("", {
  magic: u32,
  version: u8,
  types: vec(portableType),
  pallets: vec(struct("", { ...palletFields, docs })),
  extrinsic: struct("", {
    version: u8,
    address: typeId,
    call: typeId,
    signature: typeId,
    extra: typeId,
    extensions: vec(extensionType),
  }),
  runtime: typeId,
  apis: vec(struct("", { name: text, methods: vec(methodType), docs })),
  outerEnums: tuple(typeId, typeId, typeId),
  custom: vec(customValue),
});

export function metadataV15(): Uint8Array<ArrayBuffer> {
  const registry = new TypeRegistry();
  registry.number(uncheckedExtrinsic); // named by nothing in this version, yet looked for by clients
  const value = {
    magic: MAGIC,
    version: 15,
    pallets: RUNTIME_PALLETS.map((each) => ({ ...palletValue(each, registry), docs: [] })),
    extrinsic: {
      version: EXTRINSIC_VERSION,
      address: registry.number(multiAddress),
      call: registry.number(runtimeCall),
      signature: registry.number(multiSignature),
      extra: registry.number(explicitType),
      extensions: EXTENSIONS.map(({ name, explicit, implicit }) => ({
        identifier: name,
        type: registry.number(explicit),
        implicit: registry.number(implicit),
      })),
    },
    runtime: registry.number(runtimeType),
    apis: RUNTIME_APIS.map(({ name, methods }) => ({
      name,
      methods: methods.map((method) => ({
        name: method.name,
        inputs: Object.entries(method.inputs).map(([name, type]) => ({ name, type: registry.number(type) })),
        output: registry.number(method.output),
        docs: [],
      })),
      docs: [],
    })),
    outerEnums: [
      registry.number(runtimeCall),
      registry.number(runtimeEvent),
      registry.number(runtimeError),
    ] as [
      number,
      number,
      number,
    ],
    custom: [],
  };
  return encodeValue(metadataType, { ...value, types: [...registry.types] });
}

/**
 * Metadata as a client reads it, one readable line an item, each with its pallet; the runtime APIs; and every named type
 * that these reach, a struct a line and an enumeration a line a variant.
 */
import { Metadata, TypeRegistry } from "@polkadot/types";
import { NamedTypes } from "./named_types.ts";

export function listMetadata(encoded: string): string[] {
  const registry = new TypeRegistry();
  const metadata = new Metadata(registry, encoded as `0x${string}`);
  registry.setMetadata(metadata);
  const { lookup, pallets, apis } = metadata.asLatest as any;
  // The library's latest form loses what the extensions sign implicitly.
  const { signedExtensions } = metadata.version === 14 ? metadata.asV14.extrinsic : metadata.asV15.extrinsic;
  const types = new NamedTypes(lookup);
  const lines = [...pallets].flatMap((pallet: any) =>
    listPallet(pallet, types).map((line) => `${pallet.name} ${pallet.index} ${line}`)
  );
  for (const { identifier, type, additionalSigned } of signedExtensions) {
    lines.push(`extension ${identifier}: ${types.name(type)} + ${types.name(additionalSigned)}`);
  }
  for (const { name, methods } of apis) {
    for (const method of methods) {
      const inputs = method.inputs.map((input: any) => `${input.name}: ${types.name(input.type)}`).join(", ");
      lines.push(`api ${name}.${method.name}(${inputs}) -> ${types.name(method.output)}`);
    }
  }
  return [...lines, ...types.lines];
}

function listPallet(pallet: any, types: NamedTypes): string[] {
  const lines: string[] = [];
  for (const each of types.variants(pallet.calls)) {
    lines.push(`call ${each.index} ${each.name}(${types.fields(each)})`);
  }
  for (const each of types.variants(pallet.events)) {
    lines.push(`event ${each.index} ${each.name}(${types.fields(each)})`);
  }
  for (const each of types.variants(pallet.errors)) lines.push(`error ${each.index} ${each.name}`);
  for (const entry of pallet.storage.isSome ? pallet.storage.unwrap().items : []) {
    const map = entry.type.isMap ? entry.type.asMap : undefined;
    const keys = map ? `${map.hashers.map(String).join("+")} ${types.name(map.key)} -> ` : "";
    const value = types.name(map ? map.value : entry.type.asPlain);
    lines.push(`storage ${entry.name}: ${keys}${value} ${entry.modifier} ${entry.fallback.toHex()}`);
  }
  for (const each of pallet.constants) {
    lines.push(`constant ${each.name}: ${types.name(each.type)} = ${each.value.toHex()}`);
  }
  return lines;
}

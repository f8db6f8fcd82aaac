/** Metadata as a client reads it, one readable line an item, each with its pallet. */
import { Metadata, TypeRegistry } from "@polkadot/types";

export function listMetadata(encoded: string): string[] {
  const registry = new TypeRegistry();
  const metadata = new Metadata(registry, encoded as `0x${string}`);
  registry.setMetadata(metadata);
  const { lookup, pallets, extrinsic } = metadata.asLatest as any;
  const typeOf = (id: any) => lookup.getTypeDef(id).lookupName ?? lookup.getTypeDef(id).type;
  const fieldsOf = (fields: any) =>
    fields.map((field: any) => `${field.name.isSome ? `${field.name.unwrap()}: ` : ""}${typeOf(field.type)}`)
      .join(", ");
  const variantsOf = (part: any) =>
    part.isNone ? [] : lookup.getSiType(part.unwrap().type).def.asVariant.variants;
  const lines: string[] = [];
  for (const pallet of pallets) {
    const push = (line: string) => lines.push(`${pallet.name} ${pallet.index} ${line}`);
    for (const each of variantsOf(pallet.calls)) {
      push(`call ${each.index} ${each.name}(${fieldsOf(each.fields)})`);
    }
    for (const each of variantsOf(pallet.events)) {
      push(`event ${each.index} ${each.name}(${fieldsOf(each.fields)})`);
    }
    for (const each of variantsOf(pallet.errors)) push(`error ${each.index} ${each.name}`);
    for (const entry of pallet.storage.isSome ? pallet.storage.unwrap().items : []) {
      const map = entry.type.isMap ? entry.type.asMap : undefined;
      const keys = map ? `${map.hashers.map(String).join("+")} ${typeOf(map.key)} -> ` : "";
      const value = typeOf(map ? map.value : entry.type.asPlain);
      push(`storage ${entry.name}: ${keys}${value} ${entry.modifier}`);
    }
    for (const each of pallet.constants) push(`constant ${each.name}: ${typeOf(each.type)}`);
  }
  for (const each of extrinsic.transactionExtensions) {
    lines.push(`extension ${each.identifier}: ${typeOf(each.type)}`);
  }
  return lines;
}

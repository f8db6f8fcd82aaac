/** Types of a metadata's registry by name. A type with a path is named by it and told in a line of its own. */
export class NamedTypes {
  readonly lines: string[] = [];
  readonly #lookup: any;
  readonly #told = new Set<number>();

  constructor(lookup: any) {
    this.#lookup = lookup;
  }

  name(id: any): string {
    const { path, params, def } = this.#lookup.getSiType(id);
    if (def.isPrimitive) return def.asPrimitive.type.toLowerCase();
    if (def.isCompact) return `Compact<${this.name(def.asCompact.type)}>`;
    if (def.isSequence) return `Vec<${this.name(def.asSequence.type)}>`;
    if (def.isArray) return `[${this.name(def.asArray.type)}; ${def.asArray.len}]`;
    if (def.isTuple) return `(${[...def.asTuple].map((each) => this.name(each)).join(", ")})`;
    const given = [...params].filter(({ type }) => type.isSome).map(({ type }) => this.name(type.unwrap()));
    const name = path.map(String).join("::") + (given.length > 0 ? `<${given.join(", ")}>` : "");
    this.#tell(Number(id), name, def);
    return name;
  }

  fields({ fields }: any): string {
    return [...fields]
      .map((each) => `${each.name.isSome ? `${each.name.unwrap()}: ` : ""}${this.name(each.type)}`).join(
        ", ",
      );
  }

  /** Of a pallet's calls, events or errors, which it may lack. */
  variants(part: any): any[] {
    return part.isNone ? [] : [...this.#lookup.getSiType(part.unwrap().type).def.asVariant.variants];
  }

  #tell(id: number, name: string, def: any): void {
    if (this.#told.has(id)) return;
    this.#told.add(id);
    if (def.isComposite) this.lines.push(`type ${name} { ${this.fields(def.asComposite)} }`);
    for (const each of def.isVariant ? def.asVariant.variants : []) {
      this.lines.push(`type ${name} ${each.index} ${each.name}(${this.fields(each)})`);
    }
  }
}

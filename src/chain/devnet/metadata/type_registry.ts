/**
 * Numbers types for the metadata. A type with a path gets its number before its parts do, so that it may contain
 * itself; types without one (vectors, tuples …) are the same type when their parts are.
 */
import { assert } from "../../../base/assert.ts";
import { option, struct, type Variant, variant, vec } from "../../scale/composite_types.ts";
import { compact, text, u32, u8 } from "../../scale/primitive_types.ts";
import type { AnyType, Field, Shape, ValueOf } from "../../scale/scale_type.ts";

export const typeId = compact(u32);
export const docs = vec(text);

const fieldType = struct("", { name: option(text), type: typeId, typeName: option(text), docs });
const variantType = struct("", { name: text, fields: vec(fieldType), index: u8, docs });
const PRIMITIVES = (
  "bool char str u8 u16 u32 u64 u128 u256 i8 i16 i32 i64 i128 i256"
).split(" ");
const definition = variant("", {
  composite: [0, { fields: vec(fieldType) }],
  variant: [1, { variants: vec(variantType) }],
  sequence: [2, { type: typeId }],
  array: [3, { count: u32, type: typeId }],
  tuple: [4, vec(typeId)],
  primitive: [5, u8],
  compact: [6, { type: typeId }],
});
const parameter = struct("", { name: text, type: option(typeId) });
export const portableType = struct("", {
  id: typeId,
  path: docs,
  params: vec(parameter),
  definition,
  docs,
});
type PortableType = ValueOf<typeof portableType>;

export class TypeRegistry {
  readonly #numbers = new Map<Shape, number>();
  readonly #numbersOfUnnamed = new Map<string, number>();
  readonly #types: PortableType[] = [];

  get types(): readonly PortableType[] {
    return this.#types;
  }

  number(type: AnyType): number {
    const { shape } = type;
    const known = this.#numbers.get(shape);
    if (known !== undefined) return known;
    return isNamed(shape) ? this.#addNamed(shape) : this.#addUnnamed(shape);
  }

  #addNamed(shape: Shape): number {
    const id = this.#types.length;
    this.#numbers.set(shape, id);
    this.#types.push({ id, path: [], params: [], definition: { name: "tuple", value: [] }, docs: [] });
    this.#types[id] = { ...this.#types[id], ...this.#describe(shape) };
    return id;
  }

  #addUnnamed(shape: Shape): number {
    const described = this.#describe(shape);
    const key = JSON.stringify(described);
    const id = this.#numbersOfUnnamed.get(key) ?? this.#types.length;
    if (id === this.#types.length) this.#types.push({ id, ...described, docs: [] });
    this.#numbers.set(shape, id);
    this.#numbersOfUnnamed.set(key, id);
    return id;
  }

  #describe(shape: Shape): Omit<PortableType, "id" | "docs"> {
    return {
      path: shape.path ? shape.path.split("::") : [],
      params: (shape.parameters ?? []).map(({ name, type }) => ({
        name,
        type: type && this.number(type),
      })),
      definition: { name: shape.kind, value: this.#parts(shape) },
    };
  }

  #parts(shape: Shape): Variant["value"] {
    switch (shape.kind) {
      case "primitive": {
        const index = PRIMITIVES.indexOf(shape.name);
        assert(index >= 0, `primitive ${shape.name} has a number`);
        return index;
      }
      case "compact":
      case "sequence":
        return { type: this.number(shape.of) };
      case "array":
        return { count: shape.count, type: this.number(shape.of) };
      case "tuple":
        return shape.of.map((each) => this.number(each));
      case "composite":
        return { fields: this.#fields(shape.fields) };
      case "variant":
        return {
          variants: shape.variants.map(({ name, index, fields }) => ({
            name,
            index,
            fields: this.#fields(fields),
            docs: [],
          })),
        };
    }
  }

  #fields(fields: readonly Field[]) {
    return fields.map(({ name, type }) => ({
      name,
      type: this.number(type),
      typeName: undefined,
      docs: [],
    }));
  }
}

/** Option and the like have a path but are made anew wherever they are used. */
const isNamed = (shape: Shape) => shape.path !== undefined && shape.path.includes("::");

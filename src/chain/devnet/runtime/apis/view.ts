/**
 * Structs that a runtime API computes: each field with its type and how it is read from what the struct describes. The
 * order of the fields is the order on the wire.
 */
import { option, struct } from "../../../scale/composite_types.ts";
import type { AnyType, ScaleType, TypeParameter } from "../../../scale/scale_type.ts";

export type ViewField<S> = readonly [type: AnyType, read: (source: S) => unknown];
export type ViewFields<S> = Readonly<Record<string, ViewField<S>>>;

export interface View<S> {
  readonly type: ScaleType<Record<string, unknown>>;
  /** For what may not be there. */
  readonly optional: ScaleType<Record<string, unknown> | undefined>;
  read(source: S): Record<string, unknown>;
}

export function view<S>(
  path: string,
  fields: ViewFields<S>,
  parameters: readonly TypeParameter[] = [],
): View<S> {
  const entries = Object.entries(fields);
  const type = struct(path, Object.fromEntries(entries.map(([name, [type]]) => [name, type])), parameters);
  return {
    type,
    optional: option(type),
    read: (source) => Object.fromEntries(entries.map(([name, [, read]]) => [name, read(source)])),
  };
}

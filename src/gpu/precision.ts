/**
 * What a tensor's elements are in memory, and how one kernel source serves two precisions: declarations of `scalar` and
 * `scalar4` are put before it. Kernels compute in f32 and store `scalar`; nothing else in a source may depend on precision.
 */
import f16Declarations from "../../kernels/shared/f16.wgsl" with { type: "text" };
import f32Declarations from "../../kernels/shared/f32.wgsl" with { type: "text" };

/** How activations, their gradients and the parameters that the passes read are stored. */
export type Precision = "f32" | "f16";

export type ElementType = Precision | "u32";

export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = { f32: 4, f16: 2, u32: 4 };

const DECLARATIONS: Readonly<Record<Precision, string>> = { f32: f32Declarations, f16: f16Declarations };

const DIRECTIVE = /^[ \t]*(?:enable|requires|diagnostic)\b[^;]*;/gm;

export interface SourceOptions {
  /** What the kernel's `output` is, where its result may be stored otherwise than `scalar`: by default the same. */
  readonly output?: Precision;
  /** Whether the compiler knows `enable subgroups;`: Naga has the functions, but refuses the directive. */
  readonly takesSubgroupsDirective?: boolean;
}

/** The source that is compiled: WGSL wants directives before any declaration, so the kernel's own go first. */
export function kernelSource(
  source: string,
  precision: Precision,
  { output = precision, takesSubgroupsDirective = true }: SourceOptions = {},
): string {
  const directives = source.match(DIRECTIVE) ?? [];
  const accepted = directives.filter((directive) =>
    takesSubgroupsDirective || !/\bsubgroups\b/.test(directive)
  );
  return [
    ...accepted,
    DECLARATIONS[precision],
    `alias output = ${output};`,
    source.replace(DIRECTIVE, ""),
  ].join("\n");
}

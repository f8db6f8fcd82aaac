/**
 * How much work a dispatch is, for profiles: floating-point operations of its formula (a fused multiply-add is two), and the
 * bytes that must move at least. Time set against both, and both against the adapter's ceilings, says how near to the best
 * possible a kernel is. An op says the operations when it adds the dispatch; the bytes follow from what is bound.
 */
import type { Binding } from "./buffers.ts";
import type { KernelConstants } from "./kernel_loader.ts";
import type { Precision } from "./precision.ts";

export interface DispatchWork {
  /** 0 for kernels whose time is that of their memory traffic. */
  readonly flops: number;
  readonly bytes: number;
  /** In which it computes, whatever it stores. */
  readonly arithmetic: Precision;
  /** For people, and to tell the dispatches of one kernel apart: `1024×768×3072`. */
  readonly shape: string;
}

/**
 * Bytes default to those of the bindings, each moved once: too many where a kernel gathers a few rows of a table, too few
 * where it reads something again that has left the caches or writes what it has read. Shape defaults to the constants.
 */
export function workOf(
  bindings: readonly Binding[],
  constants: KernelConstants,
  declared: Partial<DispatchWork> = {},
): DispatchWork {
  return {
    flops: declared.flops ?? 0,
    arithmetic: declared.arithmetic ?? "f32",
    bytes: declared.bytes ?? bindings.reduce((sum, { byteLength }) => sum + byteLength, 0),
    shape: declared.shape ?? Object.entries(constants).map(([name, value]) => `${name} ${value}`).join(", "),
  };
}

/**
 * How much work a dispatch is, for profiles: floating-point operations of its formula (a fused multiply-add is two), and the
 * bytes that must move at least. Time set against both, and both against the adapter's ceilings, says how near to the best
 * possible a kernel is. An op says the operations when it adds the dispatch; the bytes follow from what is bound.
 */
import type { Binding } from "./buffers.ts";

export interface DispatchWork {
  /** 0 for kernels whose time is that of their memory traffic. */
  readonly flops: number;
  readonly bytes: number;
}

/**
 * Bytes default to those of the bindings, each moved once: too many where a kernel gathers a few rows of a table, too few
 * where it reads something again that has left the caches or writes what it has read.
 */
export function workOf(bindings: readonly Binding[], declared: Partial<DispatchWork> = {}): DispatchWork {
  const bytes = declared.bytes ?? bindings.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return { flops: declared.flops ?? 0, bytes };
}

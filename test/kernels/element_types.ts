/** How a kernel's tensors are stored, read from its source. */
import { type ElementType, KERNEL_SOURCES, type KernelName, type Precision } from "../../src/gpu/mod.ts";

/** How a tensor is stored that the kernel declares at `binding`. */
export function elementTypeOf(
  kernel: KernelName,
  binding: number,
  precision: Precision,
  output: Precision = precision,
): ElementType {
  if (isDeclared(kernel, binding, "scalar4?")) return precision;
  return isDeclared(kernel, binding, "output") ? output : "f32";
}

/** Whether the kernel's source says that the tensor's elements are of this type. */
function isDeclared(kernel: KernelName, binding: number, type: string): boolean {
  const declaration = `@binding\\(${binding}\\) var<[^>]*> \\w+: array<${type}>`;
  return new RegExp(declaration).test(KERNEL_SOURCES[kernel]);
}

import { SkeinError } from "../base/errors.ts";

/**
 * - `gpu/no-adapter`: no WebGPU adapter answered. Payload: none.
 * - `gpu/device-refused`: the adapter refused a device. Payload: adapter.
 * - `gpu/device-lost`: the device went away (driver reset, unplugged). Payload: reason.
 * - `gpu/fault`: the device reported a validation, memory or internal error. Payload: kind.
 * - `gpu/no-f16`: f16 was asked of a device without it. Payload: adapter.
 * - `gpu/no-time`: no run of some work took a time above zero. Payload: samples, repeats.
 * - `gpu/no-timestamps`: kernels cannot be timed one by one on this adapter. Payload: adapter.
 * - `gpu/out-of-memory`: what is to be allocated does not fit. Payload: label, bytes, heldBytes; or bytes, availableBytes.
 * - `gpu/too-large`: a buffer or binding exceeds the adapter's limit. Payload: label, bytes, limitBytes.
 */
export type GpuErrorCode =
  | "gpu/no-adapter"
  | "gpu/device-refused"
  | "gpu/device-lost"
  | "gpu/fault"
  | "gpu/no-f16"
  | "gpu/no-time"
  | "gpu/no-timestamps"
  | "gpu/out-of-memory"
  | "gpu/too-large";

export function gpuError(
  code: GpuErrorCode,
  message: string,
  payload: Record<string, unknown> = {},
  cause?: unknown,
): SkeinError<GpuErrorCode> {
  return new SkeinError(code, message, payload, cause);
}

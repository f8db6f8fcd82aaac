/** The door of the room: what others may import from src/gpu. */
export { backendKindOf } from "./backend_kind.ts";
export type { BackendKind } from "./backend_kind.ts";
export { BufferArena, GpuBuffer } from "./buffers.ts";
export type { Allocator, Binding, BufferLimits } from "./buffers.ts";
export { openDevice } from "./device.ts";
export type { OpenDeviceOptions } from "./device.ts";
export { WANTED_FEATURES } from "./device_features.ts";
export type { WantedFeature } from "./device_features.ts";
export { DispatchPlan, linearGrid } from "./dispatch_plan.ts";
export type { Grid } from "./dispatch_plan.ts";
export { ELEMENT_BYTES } from "./precision.ts";
export type { ElementType, Precision } from "./precision.ts";
export { gpuError } from "./errors.ts";
export type { GpuErrorCode } from "./errors.ts";
export { Gpu } from "./gpu.ts";
export type { AdapterFacts } from "./gpu.ts";
export { KERNEL_SOURCES } from "./kernel_sources.ts";
export type { KernelName } from "./kernel_sources.ts";

/**
 * Which optional features a device is opened with. WebGPU's `adapter.features` lists what an implementation advertises; Deno
 * grants some more when they are asked for by name, and refuses the whole request when it does not know or have one. So
 * everything is asked for at once, and only if that is refused each unlisted name is tried on a device of its own.
 *
 * Granted is not the same as usable from script. In Deno 2.9 `immediates` has no setImmediates and no limit, and
 * `wgpu-pipeline-cache` no method: they let shaders and drivers use what they have, and are requested for the day that
 * they do. `wgpu-mappable-primary-buffers` (map a storage buffer itself) and `wgpu-timestamp-query-inside-passes` work. Mapping
 * tensors is not used: on llvmpipe it reads 64 MiB in 66 ms instead of 75, the rest being the host's own copy, while the
 * GPU may not touch what is mapped, and one with memory of its own would have to keep the tensor in the host's.
 */

/** Optional features that some kernel, the profiler or the read-back can use. */
export const WANTED_FEATURES = [
  "shader-f16",
  "timestamp-query",
  "subgroups",
  "immediates",
  "wgpu-subgroup-barrier",
  "wgpu-mappable-primary-buffers",
  "wgpu-pipeline-cache",
  "wgpu-timestamp-query-inside-passes",
] as const;

export type WantedFeature = typeof WANTED_FEATURES[number];

/** Limits that are requested at the adapter's own maximum. */
export const WANTED_LIMITS = [
  "maxStorageBuffersPerShaderStage",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

export type WantedLimit = typeof WANTED_LIMITS[number];

export interface GrantedDevice {
  readonly device: GPUDevice;
  /** Wanted features that the device has, in the order of `WANTED_FEATURES`. */
  readonly granted: readonly WantedFeature[];
}

/**
 * A device with every wanted feature that the adapter grants, except those in `without`. An adapter may be spent by one
 * request, so each try takes one of its own from `requestAdapter`.
 * @throws whatever the adapter refuses a device with the listed features with
 */
export async function requestWithFeatures(
  requestAdapter: () => Promise<GPUAdapter>,
  descriptor: GPUDeviceDescriptor,
  without: readonly WantedFeature[] = [],
): Promise<GrantedDevice> {
  const open = async (features: readonly WantedFeature[]): Promise<GrantedDevice> => {
    const adapter = await requestAdapter();
    // The unlisted names are not in the type that WebGPU gives features.
    const requiredFeatures = features as readonly string[] as GPUFeatureName[];
    const device = await adapter.requestDevice({ ...descriptor, requiredFeatures });
    return { device, granted: features.filter((name) => lists(device, name)) };
  };
  const wanted = WANTED_FEATURES.filter((name) => !without.includes(name));
  try {
    return await open(wanted);
  } catch {
    // One of them is not to be had: find out which by asking for each.
  }
  const adapter = await requestAdapter();
  const usable: WantedFeature[] = [];
  for (const name of wanted) {
    if (lists(adapter, name) || await isGranted(requestAdapter, name)) usable.push(name);
  }
  return open(usable);
}

function lists(of: { readonly features: { has(name: string): boolean } }, name: WantedFeature): boolean {
  return of.features.has(name);
}

async function isGranted(requestAdapter: () => Promise<GPUAdapter>, name: WantedFeature): Promise<boolean> {
  try {
    const adapter = await requestAdapter();
    const device = await adapter.requestDevice({ requiredFeatures: [name as string as GPUFeatureName] });
    device.destroy();
    return true;
  } catch {
    return false;
  }
}

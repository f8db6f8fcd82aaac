/**
 * Opens the best WebGPU adapter there is and says which. The adapter's own maxima are requested for everything a large
 * model needs; WebGPU's defaults (128 MiB bindings, 8 storage buffers a stage) are for web pages. Optional features are
 * requested whenever they are to be had: what is granted is in `Gpu.has`.
 */
import type { Log } from "../base/log.ts";
import { type BackendKind, backendKindOf } from "./backend_kind.ts";
import { requestWithFeatures, WANTED_LIMITS, type WantedFeature } from "./device_features.ts";
import { gpuError } from "./errors.ts";
import { Gpu } from "./gpu.ts";

const NO_ADAPTER_ADVICE = "install a Vulkan driver; without a GPU, on Debian or Ubuntu: " +
  "apt-get install mesa-vulkan-drivers";

export interface OpenDeviceOptions {
  readonly log?: Log;
  /** Ask for a software adapter even where there is a GPU. */
  readonly forceFallback?: boolean;
  /** Do without these features even where they are offered: to test or measure what the others do then. */
  readonly without?: readonly WantedFeature[];
  /** Take the adapter for one of this kind: to test on one kind what runs on another. */
  readonly treatAs?: BackendKind;
  /** Bind no more than this at once, as a weaker adapter would: WebGPU has no way to ask for less than its default of 128 MiB. */
  readonly maxBindingBytes?: number;
}

/** @throws `gpu/no-adapter`, `gpu/device-refused` */
export async function openDevice(options: OpenDeviceOptions = {}): Promise<Gpu> {
  const requestAdapter = adapterSource(options);
  const adapter = await requestAdapter();
  const { info } = adapter;
  const adapterName = adapterNameOf(info);
  const requiredLimits: Record<string, number> = {};
  for (const name of WANTED_LIMITS) requiredLimits[name] = adapter.limits[name];
  let opened;
  try {
    opened = await requestWithFeatures(requestAdapter, { label: "skein", requiredLimits }, options.without);
  } catch (cause) {
    throw gpuError(
      "gpu/device-refused",
      `open ${adapterName}: the adapter refused a device with its own limits, update its driver`,
      { adapter: adapterName },
      cause,
    );
  }
  const backendKind = options.treatAs ??
    backendKindOf(adapterName, info.isFallbackAdapter, new Set(opened.granted));
  if (backendKind === "software") {
    options.log?.warn(
      `${adapterName} is a software adapter: training is slow, a GPU with a Vulkan driver is faster`,
    );
  } else if (backendKind === "opengl") {
    options.log?.warn(
      `${adapterName} is driven through OpenGL: no f16 and slower, install its Vulkan driver`,
    );
  }
  return new Gpu(opened.device, {
    adapterName,
    backendKind,
    vendor: info.vendor,
    architecture: info.architecture,
    features: opened.granted,
    subgroupSizes: [info.subgroupMinSize ?? 0, info.subgroupMaxSize ?? 0],
    takesSubgroupsDirective: await compiles(opened.device, "enable subgroups;"),
    maxWorkgroupBytes: opened.device.limits.maxComputeWorkgroupStorageSize,
    maxWorkgroupInvocations: opened.device.limits.maxComputeInvocationsPerWorkgroup,
  }, options.maxBindingBytes);
}

/** Whether the implementation takes this source; a refusal is no fault of the device. */
async function compiles(device: GPUDevice, code: string): Promise<boolean> {
  device.pushErrorScope("validation");
  device.createShaderModule({ label: "probe", code });
  return (await device.popErrorScope()) === null;
}

/** Browsers keep the description to themselves and tell the maker and the architecture. */
function adapterNameOf({ description, device, vendor, architecture }: GPUAdapterInfo): string {
  return description || device || `${vendor} ${architecture}`.trim() || "unnamed adapter";
}

/** @throws `gpu/no-adapter`, and so does what it returns */
function adapterSource({ forceFallback }: OpenDeviceOptions): () => Promise<GPUAdapter> {
  const gpu = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  if (gpu === undefined) {
    throw gpuError("gpu/no-adapter", `look for WebGPU: this runtime has none, ${NO_ADAPTER_ADVICE}`);
  }
  return async () => {
    const adapter = await gpu.requestAdapter({
      powerPreference: "high-performance",
      forceFallbackAdapter: forceFallback ?? false,
    });
    if (adapter !== null) return adapter;
    throw gpuError("gpu/no-adapter", `look for a WebGPU adapter: none was found, ${NO_ADAPTER_ADVICE}`);
  };
}

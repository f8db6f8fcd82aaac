/** The machine around the adapter: system, runtime, processor, memory, and what the graphics drivers say of themselves. */
import { cpus, freemem, totalmem } from "node:os";
import type { WantedFeature } from "../gpu/mod.ts";

export interface HostFacts {
  readonly deno: string;
  readonly v8: string;
  readonly os: string;
  readonly osRelease: string;
  readonly arch: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  /** As vulkaninfo and the kernel list them, one a device; empty when neither is there to ask. */
  readonly drivers: readonly string[];
}

export async function describeHost(): Promise<HostFacts> {
  const processors = cpus();
  return {
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    os: Deno.build.os,
    osRelease: Deno.osRelease(),
    arch: Deno.build.arch,
    processor: processors[0]?.model.trim() || "unknown",
    cores: navigator.hardwareConcurrency,
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    drivers: [...parseVulkanSummary(await vulkanSummary()), ...await nvidiaDriver()],
  };
}

/**
 * What wgpu drives an adapter with, which WebGPU does not say: it grants a pipeline cache on Vulkan alone, and on OpenGL neither
 * f16 nor subgroups.
 */
export function graphicsApiOf(os: string, features: readonly WantedFeature[]): string {
  if (features.includes("wgpu-pipeline-cache")) return "Vulkan";
  if (!features.includes("shader-f16") && !features.includes("subgroups")) return "OpenGL";
  if (os === "darwin") return "Metal";
  return os === "windows" ? "Direct3D 12" : "Vulkan";
}

/** `vulkaninfo --summary` → "llvmpipe (LLVM 15.0.6, 256 bits): llvmpipe Mesa 22.3.6, Vulkan 1.3.230" */
export function parseVulkanSummary(text: string): string[] {
  const devices = text.split(/^GPU\d+:/m).slice(1);
  return devices.map((device) => {
    const field = (name: string) =>
      device.match(new RegExp(`^\\s*${name}\\s*=\\s*(.+?)\\s*$`, "m"))?.[1] ?? "";
    const driver = [field("driverName"), field("driverInfo")].filter((part) => part !== "").join(" ");
    return `${field("deviceName")}: ${driver || "unnamed driver"}, Vulkan ${field("apiVersion")}`;
  });
}

async function vulkanSummary(): Promise<string> {
  try {
    const command = new Deno.Command("vulkaninfo", { args: ["--summary"], stdout: "piped", stderr: "null" });
    return new TextDecoder().decode((await command.output()).stdout);
  } catch {
    return ""; // not installed: the adapter's own name has to do
  }
}

async function nvidiaDriver(): Promise<string[]> {
  try {
    const text = await Deno.readTextFile("/proc/driver/nvidia/version");
    return [text.split("\n")[0].trim()];
  } catch {
    return []; // no NVIDIA kernel module
  }
}

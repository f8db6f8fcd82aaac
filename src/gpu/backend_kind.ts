/** What stands behind an adapter, so that the user can be told before wondering why it is slow. */
export type BackendKind = "software" | "opengl" | "hardware";

const SOFTWARE = /llvmpipe|lavapipe|swiftshader|softpipe|basic render|warp/i;

/**
 * Judges by name and by the features that a device was granted. wgpu takes OpenGL silently where there is no Vulkan, Metal or
 * D3D12 driver, and has neither f16 nor subgroups on it (timestamps it may have).
 */
export function backendKindOf(
  name: string,
  isFallback: boolean,
  features: { has(name: string): boolean },
): BackendKind {
  if (isFallback || SOFTWARE.test(name)) return "software";
  if (!features.has("shader-f16") && !features.has("subgroups")) return "opengl";
  return "hardware";
}

/** Mesa's llvmpipe ends an invocation's loops after so many turns in all, silently: results would be wrong. */
export const MAX_SOFTWARE_TURNS = 65_535;

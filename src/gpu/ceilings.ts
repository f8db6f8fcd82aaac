/**
 * What the adapter can do at best, measured: fused multiply-adds on registers for arithmetic, a copy for bandwidth. A share
 * of these is a share of this machine as it is now, not of a data sheet. Tensors that fit a cache may beat the copy.
 */
import type { Clock } from "../base/clock.ts";
import type { DispatchWork } from "./dispatch_work.ts";
import type { Gpu } from "./gpu.ts";
import type { Precision } from "./precision.ts";

export interface Ceilings {
  /** FLOP a second, a fused multiply-add counted as two; no f16 where the adapter has none. */
  readonly flopsPerSec: { readonly f32: number; readonly f16?: number };
  /** Bytes read and bytes written. */
  readonly bytesPerSec: number;
}

export interface CeilingSize {
  readonly invocations: number;
  readonly steps: number;
  readonly copyBytes: number;
}

/** Enough to fill the adapter and to exceed its caches; about a second of a software adapter. */
function sizeFor(gpu: Gpu): CeilingSize {
  const isSoftware = gpu.backendKind === "software";
  const copyBytes = Math.min(gpu.limits.maxBindingBytes, (isSoftware ? 64 : 512) << 20);
  return { invocations: isSoftware ? 1 << 16 : 1 << 20, steps: isSoftware ? 64 : 512, copyBytes };
}

/** @throws `gpu/too-large`, `gpu/fault`, `gpu/device-lost` */
export async function measureCeilings(
  gpu: Gpu,
  clock: Clock,
  { invocations, steps, copyBytes }: CeilingSize = sizeFor(gpu),
): Promise<Ceilings> {
  const arena = gpu.arena("ceilings");
  const stopwatch = gpu.stopwatch(clock);
  try {
    const sums = arena.allocate("sums", invocations).whole();
    const flopsPerSec = async (precision: Precision) => {
      const plan = gpu.plan(precision).add(
        "ceiling_fma",
        { COUNT: invocations, STEPS: steps },
        [sums],
        invocations,
      );
      return (invocations * steps * 2 * 4 * 12) / await stopwatch.bestSeconds(plan);
    };
    const [from, to] = ["from", "to"].map((label) => arena.allocate(label, copyBytes / 4).whole());
    const vectors = copyBytes / 16;
    const copy = gpu.plan().add("ceiling_copy", { COUNT: vectors }, [from, to], vectors);
    const f32 = await flopsPerSec("f32");
    const f16 = gpu.has("shader-f16") ? { f16: await flopsPerSec("f16") } : {};
    const bytesPerSec = (2 * copyBytes) / await stopwatch.bestSeconds(copy);
    await gpu.read(sums); // A fault of the device would have made these numbers meaningless.
    return { flopsPerSec: { f32, ...f16 }, bytesPerSec };
  } finally {
    stopwatch.destroy();
    arena.destroy();
  }
}

/** Of two measurements, the best of each: whatever disturbs one, other load or a clock not yet raised, only lowers it. */
export function betterCeilings(a: Ceilings, b: Ceilings): Ceilings {
  const [f16a, f16b] = [a.flopsPerSec.f16, b.flopsPerSec.f16];
  const f16 = f16a === undefined || f16b === undefined ? f16a ?? f16b : Math.max(f16a, f16b);
  return {
    flopsPerSec: {
      f32: Math.max(a.flopsPerSec.f32, b.flopsPerSec.f32),
      ...(f16 === undefined ? {} : { f16 }),
    },
    bytesPerSec: Math.max(a.bytesPerSec, b.bytesPerSec),
  };
}

export interface CeilingShare {
  /** Of the time, the part that the adapter would need at best: 1 is the ceiling. */
  readonly share: number;
  /** What that best time is made of: whichever takes longer. */
  readonly bound: "arithmetic" | "bandwidth";
}

/**
 * How near `seconds` for this work are to what the ceilings allow (the roofline of Williams, Waterman, Patterson 2009). Most
 * kernels compute in f32 whatever they store; for those that compute in halves the ceiling is that of f16.
 */
export function shareOfCeiling(
  { flops, bytes, arithmetic }: Pick<DispatchWork, "flops" | "bytes" | "arithmetic">,
  seconds: number,
  ceilings: Ceilings,
): CeilingShare {
  const { f32, f16 = f32 } = ceilings.flopsPerSec;
  const computing = flops / (arithmetic === "f16" ? f16 : f32);
  const bandwidth = bytes / ceilings.bytesPerSec;
  const bound = computing > bandwidth ? "arithmetic" : "bandwidth";
  return { share: Math.max(computing, bandwidth) / seconds, bound };
}

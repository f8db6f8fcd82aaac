/** A run of the kernel bench as JSON: who measured what on which adapter, against which ceilings, with checksums. */
import type { Ceilings, Gpu } from "../src/gpu/mod.ts";
import { VERSION } from "../src/cli/version.ts";
import { describeHost } from "../src/node/host_facts.ts";
import { SEED } from "./cases.ts";
import type { Measurement } from "./measure.ts";

/** Where the record goes unless the environment's SKEIN_BENCH_JSON says otherwise; ignored by git. */
export const DEFAULT_RECORD_PATH = "bench/out/kernels.json";

export async function benchRecord(
  { facts, deviceLimits }: Pick<Gpu, "facts" | "deviceLimits">,
  ceilings: Ceilings,
  rows: readonly Measurement[],
): Promise<Record<string, unknown>> {
  const { deno, v8, os, osRelease, arch, processor, cores, drivers } = await describeHost();
  return {
    bench: "kernels",
    adapter: facts.adapterName,
    backend: facts.backendKind,
    features: facts.features,
    limits: deviceLimits,
    drivers,
    versions: { skein: VERSION, deno, v8 },
    host: { os, osRelease, arch, processor, cores },
    seed: SEED,
    ceilings,
    rows: rows.map(({ kernel, shape, seconds, work, relativeError, checksum }) => {
      const [amount, ceiling] = "flops" in work
        ? [work.flops, ceilings.flopsPerSec.f32]
        : [work.bytes, ceilings.bytesPerSec];
      const rate = amount / seconds;
      const unit = "flops" in work ? "flopsPerSec" : "bytesPerSec";
      return { kernel, shape, seconds, [unit]: rate, ceilingShare: rate / ceiling, relativeError, checksum };
    }),
  };
}

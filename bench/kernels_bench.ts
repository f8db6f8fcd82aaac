/**
 * Rates of all kernels: each is verified against its scalar twin, then timed, and set against ceilings that the same run
 * measures on the same adapter before and after them, the better of both: in so long a run the machine's load changes. The
 * sizes are GPT-2's where a software adapter bears them, see kernel_case.ts.
 *
 *   deno task bench                             the table, and JSON in bench/out/kernels.json
 *   SKEIN_BENCH_JSON=FILE deno task bench       JSON in FILE
 *
 * One `Deno.bench` measures them all, because a kernel's time is a batch's, taken with our own wait for the queue; what
 * counts is the table at the end.
 */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { systemClock } from "../src/base/clock.ts";
import { Random } from "../src/base/random.ts";
import { betterCeilings, measureCeilings, openDevice } from "../src/gpu/mod.ts";
import { benchRecord, DEFAULT_RECORD_PATH } from "./bench_record.ts";
import { CASES, SEED } from "./cases.ts";
import { SIZES } from "./kernel_case.ts";
import { measureKernel, type Measurement } from "./measure.ts";
import { renderRates } from "./rate_table.ts";

let isMeasured = false; // Deno.bench calls more often than it is asked to.

Deno.bench({
  name: "all kernels, verified and timed (see the table)",
  n: 1,
  warmup: 0,
  fn: async () => {
    if (isMeasured) return;
    isMeasured = true;
    const gpu = await openDevice();
    try {
      const before = await measureCeilings(gpu, systemClock);
      const rows: Measurement[] = [];
      for (const makeCase of CASES) {
        const kernelCase = makeCase(SIZES.full, new Random(SEED));
        if (kernelCase.suits?.(gpu.facts) ?? true) rows.push(await measureKernel(gpu, kernelCase));
        else console.log(`${kernelCase.kernel}: not measured, ${gpu.adapterName} cannot run it`);
      }
      const ceilings = betterCeilings(before, await measureCeilings(gpu, systemClock));
      const path = Deno.env.get("SKEIN_BENCH_JSON") ?? DEFAULT_RECORD_PATH;
      await mkdir(dirname(path), { recursive: true });
      await Deno.writeTextFile(path, `${JSON.stringify(await benchRecord(gpu, ceilings, rows), null, 2)}\n`);
      console.log(`\n${renderRates(rows, ceilings, gpu.adapterName)}\nwritten to ${path}\n`);
    } finally {
      gpu.close();
    }
  },
});

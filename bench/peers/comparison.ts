/**
 * Our engine beside jax-js and TensorFlow.js: matrix products of 512 to 2048 in the three forms of training, and the
 * training step of a small GPT. Everything is verified before it is timed.
 */
import type { Gpu } from "../../src/gpu/mod.ts";
import { jaxJsMatmul } from "./jax_js_matmul.ts";
import { compareMatmul, type MatmulRates } from "./matmul_comparison.ts";
import type { MatmulCase } from "./matmul_peer.ts";
import { ourMatmul } from "./our_matmul.ts";
import { compareStep, type StepRates } from "./step_comparison.ts";
import { tfjsMatmul } from "./tfjs_matmul.ts";

export interface Comparison {
  readonly adapter: string;
  readonly matmul: readonly MatmulRates[];
  readonly geomean: { readonly jaxjs: number; readonly tfjs: number };
  readonly step: StepRates;
}

export interface ComparisonSize {
  /** [rows, columns, inner]: each in all three forms. */
  readonly shapes: readonly (readonly [number, number, number])[];
  /** Turns of each engine whose median counts. */
  readonly turns: number;
  readonly step: { readonly preset: "pico" | "nano"; readonly batchSize: number; readonly turns: number };
}

/** 1024 tokens through a layer of width 512 and back, between cubes of 512 to 2048. */
export const FULL_SIZE: ComparisonSize = {
  shapes: [
    [512, 512, 512],
    [1024, 512, 512],
    [1024, 2048, 512],
    [1024, 512, 2048],
    [512, 2048, 1024],
    [1024, 1024, 1024],
    [2048, 2048, 2048],
  ],
  turns: 3,
  step: { preset: "nano", batchSize: 8, turns: 5 },
};

const SEED = 20;

/** @param report told of each result as it comes */
export async function comparePeers(
  gpu: Gpu,
  { shapes, turns, step }: ComparisonSize,
  report: (line: string) => void,
): Promise<Comparison> {
  const peers = [ourMatmul(gpu), await jaxJsMatmul(), await tfjsMatmul()];
  const matmul: MatmulRates[] = [];
  for (const [rows, columns, inner] of shapes) {
    for (const form of ["nn", "nt", "tn"] as const) {
      const rates = await compareMatmul({ form, rows, columns, inner } satisfies MatmulCase, peers, {
        turns,
        seed: SEED,
      });
      matmul.push(rates);
      report(matmulLine(rates));
    }
  }
  const geomean = { jaxjs: geometricMean(matmul, "jaxjs"), tfjs: geometricMean(matmul, "tfjs") };
  report(
    `geometric mean of ours over theirs: ${geomean.jaxjs.toFixed(2)} jax-js, ${geomean.tfjs.toFixed(2)} tfjs`,
  );
  const rates = await compareStep(gpu, { ...step, seed: SEED });
  report(
    `step of ${rates.preset}: ours ${rates.ours.toFixed(0)} tokens/s, jax-js ${rates.jaxjs.toFixed(0)}, ` +
      `ratio ${(rates.ours / rates.jaxjs).toFixed(2)}`,
  );
  return { adapter: gpu.adapterName, matmul, geomean, step: rates };
}

function matmulLine({ form, m, n, k, ours, jaxjs, tfjs }: MatmulRates): string {
  const rate = (value: number) => value.toFixed(2).padStart(8);
  return `${form} ${`${m}×${n}×${k}`.padEnd(16)} GFLOP/s: ours ${rate(ours)}  jax-js ${rate(jaxjs)}  tfjs ${
    rate(tfjs)
  }`;
}

function geometricMean(rates: readonly MatmulRates[], peer: "jaxjs" | "tfjs"): number {
  const logs = rates.reduce((sum, rate) => sum + Math.log(rate.ours / rate[peer]), 0);
  return Math.exp(logs / rates.length);
}

/**
 * `skein bench matmul`: the products of a training step of a preset, or square ones, in all three forms. Each is verified
 * before it is timed, by Freivalds' check (1977): y·r = a·(b·r) for a random vector of signs, in f64, costs n² where a
 * product costs n³, and sees a single wrong element at 1/√n of the norm, far above rounding.
 */
import type { Clock } from "../../base/clock.ts";
import { Random } from "../../base/random.ts";
import { relativeDistance } from "../../base/relative_distance.ts";
import type { Gpu, Precision } from "../../gpu/mod.ts";
import { type MatmulForm, matmulNN, matmulNT, matmulTN, type ModelConfig } from "../../model/mod.ts";
import {
  type BenchDependencies,
  type BenchSubject,
  demandAgreement,
  inBenchRoom,
  modelOf,
  normals,
  type ShapeOptions,
} from "./bench_room.ts";

export interface MatmulBenchOptions extends ShapeOptions {
  /** Square products of these sizes instead of the preset's. */
  readonly sizes?: readonly number[];
}

export interface MatmulRow {
  readonly form: MatmulForm;
  /** y [m, n], inner dimension k */
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly relativeError: number;
  /** Σ|y| */
  readonly checksum: number;
  readonly seconds: number;
  readonly flopsPerSec: number;
  /** Of fused multiply-adds in f32, in which kernels compute in either precision. */
  readonly ceilingShare: number;
}

export interface MatmulBenchResult extends BenchSubject {
  readonly bench: "matmul";
  readonly rows: readonly MatmulRow[];
  /** Of all rows' rates. */
  readonly geometricMeanFlopsPerSec: number;
}

const FORMS = { nn: matmulNN, nt: matmulNT, tn: matmulTN } as const;
const SEED = 1;
/** f32: rounding of sums of a few thousand products. f16: y is rounded to 2⁻¹¹. */
const MAX_ERROR: Readonly<Record<Precision, number>> = { f32: 3e-5, f16: 2e-3 };

export function benchMatmul(
  options: MatmulBenchOptions,
  deps: BenchDependencies,
): Promise<MatmulBenchResult> {
  return inBenchRoom(options.precision, deps, async ({ gpu, subject }) => {
    const shapes = options.sizes?.map((size) => [size, size, size] as const) ??
      productsOf(modelOf(options), options.batchSize);
    const { precision, ceilings: { flopsPerSec: { f32: ceiling } } } = subject;
    const rows: MatmulRow[] = [];
    for (const [rowCount, out, inner] of shapes) {
      // Forward x·w, the gradient of x by wᵀ, the gradient of w by xᵀ.
      const products = [["nn", rowCount, out, inner], ["nt", rowCount, inner, out], [
        "tn",
        inner,
        out,
        rowCount,
      ]] as const;
      for (const [form, m, n, k] of products) {
        rows.push(await measureProduct(gpu, { form, m, n, k }, precision, ceiling, deps.clock));
      }
    }
    const logs = rows.reduce((sum, { flopsPerSec }) => sum + Math.log(flopsPerSec), 0);
    return { bench: "matmul", ...subject, rows, geometricMeanFlopsPerSec: Math.exp(logs / rows.length) };
  });
}

/** [rows, outputs, inputs] of the distinct linear layers of a step, head included. */
export function productsOf(
  config: ModelConfig,
  batchSize: number,
): readonly (readonly [number, number, number])[] {
  const { width, innerWidth, headCount, keyValueHeadCount, headSize, vocabSize, contextLength } = config;
  const rows = batchSize * contextLength;
  const [queries, keys] = [headCount * headSize, keyValueHeadCount * headSize];
  const inputs = config.family === "gpt2" ? [[queries + 2 * keys, width]] : [[queries, width], [keys, width]];
  const layers = [...inputs, [width, queries], [innerWidth, width], [width, innerWidth], [vocabSize, width]];
  const distinct = new Map(layers.map(([out, inner]) => [`${out} ${inner}`, [rows, out, inner] as const]));
  return [...distinct.values()];
}

interface Sizes {
  readonly form: MatmulForm;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

async function measureProduct(
  gpu: Gpu,
  { form, m, n, k }: Sizes,
  precision: Precision,
  ceiling: number,
  clock: Clock,
): Promise<MatmulRow> {
  const arena = gpu.arena("bench");
  const stopwatch = gpu.stopwatch(clock);
  try {
    const random = new Random(SEED);
    const [a, b] = [m * k, k * n].map((count) => normals(random, count, precision));
    const [bufferA, bufferB, bufferY] = [["a", m * k], ["b", k * n], ["y", m * n]].map(([label, count]) =>
      arena.allocate(label as string, count as number, { type: precision })
    );
    gpu.write(bufferA, a);
    gpu.write(bufferB, b);
    const plan = gpu.plan(precision);
    FORMS[form](plan, { rows: m, columns: n, inner: k }, bufferA.whole(), bufferB.whole(), bufferY.whole());
    gpu.submit(plan);
    const y = await gpu.readF32(bufferY.slice(0, m * n));
    const relativeError = projectionError(a, b, y, { form, m, n, k }, random);
    demandAgreement(`matmul ${form} ${m}×${n}×${k}`, relativeError, MAX_ERROR[precision]);
    const seconds = await stopwatch.bestSeconds(plan);
    const flops = 2 * m * n * k;
    return {
      ...{ form, m, n, k, relativeError, seconds },
      checksum: y.reduce((sum, value) => sum + Math.abs(value), 0),
      flopsPerSec: flops / seconds,
      ceilingShare: flops / seconds / ceiling,
    };
  } finally {
    stopwatch.destroy();
    arena.destroy();
  }
}

/** ‖y·r − a·(b·r)‖ ÷ ‖a·(b·r)‖ for a vector of random signs, in f64. */
export function projectionError(
  a: Float32Array,
  b: Float32Array,
  y: Float32Array,
  { form, m, n, k }: Sizes,
  random: Random,
): number {
  const signs = Float64Array.from({ length: n }, () => random.nextBelow(2) * 2 - 1);
  const projectedB = new Float64Array(k);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < n; j++) projectedB[i] += (form === "nt" ? b[j * k + i] : b[i * n + j]) * signs[j];
  }
  const [expected, actual] = [new Float64Array(m), new Float64Array(m)];
  for (let row = 0; row < m; row++) {
    for (let i = 0; i < k; i++) {
      expected[row] += (form === "tn" ? a[i * m + row] : a[row * k + i]) * projectedB[i];
    }
    for (let j = 0; j < n; j++) actual[row] += y[row * n + j] * signs[j];
  }
  return relativeDistance(actual, expected);
}

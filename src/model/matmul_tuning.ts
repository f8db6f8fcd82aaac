/**
 * Measures which kernel is the fastest for the matrix products that were asked for since the device was opened, by class of
 * shape: sizes within a factor of two share an answer. Products are measured at their own size, up to 2048 a side.
 */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { Random } from "../base/random.ts";
import { type BufferArena, fastest, type Gpu, type GpuBuffer, type TuningCache } from "../gpu/mod.ts";
import { addVariant, isInFours, MATMUL_VARIANTS, type Product } from "./matmul_variants.ts";

export interface TuneOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly cache: TuningCache;
  /** No new measurement is begun after this long; what is left keeps the rule of thumb. */
  readonly budgetSeconds: number;
}

const MAX_SIDE = 2048;
/** Random values repeat after this many, a prime, so that no row equals another. */
const DISTINCT_VALUES = 65537;

/** @returns whether any choice is new, so that plans recorded before are worth recording again */
export async function tuneMatmuls(
  gpu: Gpu,
  { clock, log, cache, budgetSeconds }: TuneOptions,
): Promise<boolean> {
  const startMs = clock.monotonicMs();
  const open = gpu.tuning.open.filter(([key]) => key.startsWith("matmul "));
  let [isChanged, measuredCount, leftCount] = [false, 0, 0];
  for (const [key, subject] of open) {
    const product = subject as Product;
    let name = cache.get(key);
    const isKnown = MATMUL_VARIANTS.some((variant) =>
      variant.name === name && variant.suits(product, gpu.facts)
    );
    if (!isKnown) {
      if (clock.monotonicMs() - startMs > budgetSeconds * 1000) {
        leftCount++;
        continue;
      }
      name = await measure(gpu, key, product, { clock, log });
      if (name === undefined) continue;
      cache.set(key, name);
      measuredCount++;
    }
    gpu.tuning.choose(key, name!);
    isChanged = true;
  }
  if (measuredCount > 0) await cache.save();
  if (open.length > 0) {
    const seconds = ((clock.monotonicMs() - startMs) / 1000).toFixed(1);
    log.info(
      `tuned ${measuredCount} of ${open.length} classes of matrix products in ${seconds} s` +
        (leftCount > 0 ? `, ${leftCount} left untuned when the time was up` : ""),
    );
  }
  return isChanged;
}

async function measure(
  gpu: Gpu,
  key: string,
  asked: Product,
  { clock, log }: { clock: Clock; log: Log },
): Promise<string | undefined> {
  const product = sample(asked);
  const arena = gpu.arena("tuning");
  try {
    const [a, b] = operands(gpu, arena, product);
    const y = arena.allocate("y", product.rows * product.columns, { type: product.output });
    const bindings = { a: a.whole(), b: b.whole(), y: y.whole() };
    const suitable = MATMUL_VARIANTS.filter((variant) => variant.suits(product, gpu.facts));
    const plainest = suitable.filter(({ name }) => name === "direct");
    const candidates = [...plainest, ...suitable.filter((variant) => !plainest.includes(variant))];
    const best = await fastest(gpu, {
      label: key,
      result: y.slice(0, product.rows * product.columns),
      candidates: candidates.map((variant) => ({
        name: variant.name,
        record() {
          const plan = gpu.plan(product.precision);
          addVariant(plan, variant, product, bindings);
          return plan;
        },
        relativeError: variant.relativeError,
      })),
      // Rounding of f32 sums in another order, and of storage.
      maxRelativeError: 1e-5 + (product.output === "f16" ? 2 ** -10 : 0),
    }, { clock, log });
    if (best === undefined) return undefined;
    const gflops = 2 * product.rows * product.columns * product.inner / best.ms / 1e6;
    log.info(`tune ${key}: ${best.name}, ${gflops.toFixed(0)} GFLOP/s`);
    return best.name;
  } finally {
    arena.destroy();
  }
}

/** A product like the one asked for that is quick to set up: of bounded size, alone in its buffers, without a bias. */
function sample(asked: Product): Product {
  const [rows, columns, inner] = [asked.rows, asked.columns, asked.inner].map((side) =>
    Math.min(side, MAX_SIDE)
  );
  const { form } = asked;
  // A product that does not go in fours is measured as one that does not.
  const padded = isInFours(asked)
    ? (count: number) => Math.ceil(count / 4) * 4
    : (count: number) => count | 1;
  return {
    ...asked,
    rows,
    columns,
    inner,
    hasBias: false,
    accumulate: false,
    offsets: { a: 0, b: 0, y: 0 },
    strides: {
      a: padded(form === "tn" ? rows : inner),
      b: padded(form === "nt" ? inner : columns),
      y: columns,
    },
  };
}

function operands(
  gpu: Gpu,
  arena: BufferArena,
  { form, rows, columns, inner, strides, precision }: Product,
): GpuBuffer[] {
  const random = new Random(1);
  const base = Float32Array.from({ length: DISTINCT_VALUES }, () => random.nextFloat() - 0.5);
  const sizes = [strides.a * (form === "tn" ? inner : rows), strides.b * (form === "nt" ? columns : inner)];
  return sizes.map((elements, i) => {
    const buffer = arena.allocate("ab"[i], elements, { type: precision });
    const values = new Float32Array(elements);
    for (let at = 0; at < elements; at += base.length) {
      values.set(base.subarray(0, Math.min(base.length, elements - at)), at);
    }
    gpu.write(buffer, values);
    return buffer;
  });
}

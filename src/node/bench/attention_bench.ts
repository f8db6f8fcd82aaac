/**
 * `skein bench attention`: fused causal attention at a preset's heads, forward and backward, over one packed matrix of
 * queries, keys and values. Verified against the scalar twins on the last heads of the last sequence, where a wrong stride
 * or offset shows; then all of it is timed.
 */
import type { Clock } from "../../base/clock.ts";
import { Random } from "../../base/random.ts";
import { relativeDistance } from "../../base/relative_distance.ts";
import type { BufferArena, Gpu, GpuBuffer, Precision } from "../../gpu/mod.ts";
import {
  attentionBackward,
  attentionForward,
  type AttentionShape,
  columnsOf,
  packedColumns,
} from "../../model/mod.ts";
import { attentionTwins, type HeadGroup, lastGroup } from "./attention_group.ts";
import {
  type BenchDependencies,
  type BenchSubject,
  demandAgreement,
  inBenchRoom,
  modelOf,
  normals,
  type ShapeOptions,
} from "./bench_room.ts";

export interface AttentionRow {
  readonly pass: "forward" | "backward";
  readonly relativeError: number;
  /** Sum of the absolute values of what the pass wrote. */
  readonly checksum: number;
  readonly seconds: number;
  readonly tokensPerSec: number;
  readonly flopsPerSec: number;
  /** Of fused multiply-adds in f32, in which kernels compute in either precision. */
  readonly ceilingShare: number;
}

export interface AttentionBenchResult extends BenchSubject, AttentionShape {
  readonly bench: "attention";
  readonly rows: readonly AttentionRow[];
}

const SEED = 1;
/** f16: gradients are differences of sums over rounded values. */
const MAX_ERROR: Readonly<Record<Precision, number>> = { f32: 3e-5, f16: 5e-3 };
/** Products of D multiply-adds for each visible pair of query and key: scores and values; backward computes scores again. */
const PRODUCTS = { forward: 2, backward: 7 } as const;

export function benchAttention(
  options: ShapeOptions,
  deps: BenchDependencies,
): Promise<AttentionBenchResult> {
  return inBenchRoom(options.precision, deps, async ({ gpu, subject }) => {
    const { contextLength, headCount, keyValueHeadCount, headSize } = modelOf(options);
    const shape = { batchSize: options.batchSize, contextLength, headCount, keyValueHeadCount, headSize };
    const measured = await measureAttention(gpu, shape, subject.precision, deps.clock);
    const { batchSize } = shape;
    const pairs = batchSize * headCount * contextLength * (contextLength + 1) / 2;
    const rows = measured.map((row): AttentionRow => {
      const flops = PRODUCTS[row.pass] * 2 * headSize * pairs;
      return {
        ...row,
        tokensPerSec: batchSize * contextLength / row.seconds,
        flopsPerSec: flops / row.seconds,
        ceilingShare: flops / row.seconds / subject.ceilings.flopsPerSec.f32,
      };
    });
    return { bench: "attention", ...subject, ...shape, rows };
  });
}

type Measured = Pick<AttentionRow, "pass" | "relativeError" | "checksum" | "seconds">;

async function measureAttention(
  gpu: Gpu,
  shape: AttentionShape,
  precision: Precision,
  clock: Clock,
): Promise<Measured[]> {
  const arena = gpu.arena("bench");
  const stopwatch = gpu.stopwatch(clock);
  try {
    const { values, out, dqkv, forward, backward } = recordAttention(gpu, arena, shape, precision);
    gpu.submit(forward, backward);
    const group = lastGroup(shape);
    const twins = attentionTwins(group, values);
    const rows = shape.batchSize * shape.contextLength;
    const verify = async (
      pass: Measured["pass"],
      result: GpuBuffer,
      { rowStride, pick }: HeadGroup["out"],
      truth: Float64Array,
    ) => {
      const all = await gpu.readF32(result.slice(0, rows * rowStride));
      const relativeError = relativeDistance(pick(all), truth);
      demandAgreement(`attention ${pass}`, relativeError, MAX_ERROR[precision]);
      return { pass, relativeError, checksum: all.reduce((sum, value) => sum + Math.abs(value), 0) };
    };
    const verified = [
      await verify("forward", out, group.out, twins.out),
      await verify("backward", dqkv, group.packed, twins.dqkv),
    ];
    return [
      { ...verified[0], seconds: await stopwatch.bestSeconds(forward) },
      { ...verified[1], seconds: await stopwatch.bestSeconds(backward) },
    ];
  } finally {
    stopwatch.destroy();
    arena.destroy();
  }
}

/** Buffers with drawn queries, keys, values and gradient of the output, and both passes over them. */
function recordAttention(gpu: Gpu, arena: BufferArena, shape: AttentionShape, precision: Precision) {
  const { batchSize, contextLength, headCount, keyValueHeadCount, headSize } = shape;
  const [rows, width] = [batchSize * contextLength, headCount * headSize];
  const packedWidth = width + 2 * keyValueHeadCount * headSize;
  const scalars = (label: string, columns: number) =>
    arena.allocate(label, rows * columns, { type: precision });
  const [qkv, dqkv] = ["qkv", "dqkv"].map((label) => scalars(label, packedWidth));
  const [out, dout] = ["out", "dout"].map((label) => scalars(label, width));
  const [logSumExp, rowDot] = ["logSumExp", "rowDot"].map((label) =>
    arena.allocate(label, rows * headCount).whole()
  );
  const random = new Random(SEED);
  const values = {
    qkv: normals(random, rows * packedWidth, precision),
    dout: normals(random, rows * width, precision),
  };
  gpu.write(qkv, values.qkv);
  gpu.write(dout, values.dout);
  const at = { ...packedColumns(qkv.whole(), shape), out: columnsOf(out.whole(), width), logSumExp };
  const gradient = packedColumns(dqkv.whole(), shape);
  const [forward, backward] = [gpu.plan(precision), gpu.plan(precision)];
  attentionForward(forward, shape, at);
  attentionBackward(backward, shape, at, {
    dout: columnsOf(dout.whole(), width),
    dqueries: gradient.queries,
    dkeys: gradient.keys,
    dvalues: gradient.values,
    rowDot,
  });
  return { values, out, dqkv, forward, backward };
}

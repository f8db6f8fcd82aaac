/**
 * The same products in every engine, in one process on one adapter. Each product is verified first: every engine against
 * exact sums at sampled elements, and the engines against each other everywhere. Then they take turns, so that whatever
 * else the machine does hits all of them alike; a rate is that of the median turn.
 */
import { Random } from "../../src/base/random.ts";
import type { MatmulCase, MatmulPeer, PeerName, PreparedMatmul } from "./matmul_peer.ts";
import { storedShapes } from "./matmul_peer.ts";

export interface MatmulRates extends Readonly<Record<PeerName, number>> {
  readonly form: MatmulCase["form"];
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Work of a turn: long enough that waiting for the queue does not count, short enough that turns alternate. */
const TURN_FLOPS = 1e9;
/** Products above this are timed once: seconds each on a software adapter, so nothing short disturbs them. */
const LARGE_FLOPS = 1e10;
const SAMPLED_ELEMENTS = 64;
/** f32 sums of up to 2048 products of like size: relative to the norm about √2048·2⁻²⁴ = 3e-6, whatever their order. */
const MAX_RELATIVE_ERROR = 2e-5;

/** @returns GFLOP/s of each engine */
export async function compareMatmul(
  of: MatmulCase,
  peers: readonly MatmulPeer[],
  { turns, seed, turnFlops = TURN_FLOPS }: { turns: number; seed: number; turnFlops?: number },
): Promise<MatmulRates> {
  const random = new Random(seed);
  const shapes = storedShapes(of);
  const values = ([rows, columns]: readonly [number, number]) =>
    Float32Array.from({ length: rows * columns }, () => random.nextFloat() - 0.5);
  const [a, b] = [values(shapes.a), values(shapes.b)];
  const prepared = new Map<PeerName, PreparedMatmul>();
  for (const peer of peers) prepared.set(peer.name, await peer.prepare(of, a, b));
  try {
    await verify(of, a, b, prepared, random);
    const flops = 2 * of.rows * of.columns * of.inner;
    const count = Math.max(1, Math.round(turnFlops / flops));
    const seconds = new Map<PeerName, number[]>(peers.map(({ name }) => [name, []]));
    for (let turn = 0; turn < (flops > LARGE_FLOPS ? 1 : turns); turn++) {
      for (const [name, matmul] of prepared) {
        const startMs = performance.now();
        await matmul.run(count);
        seconds.get(name)!.push((performance.now() - startMs) / 1000 / count);
      }
    }
    const rate = (name: PeerName) => flops / median(seconds.get(name)!) / 1e9;
    const { form, rows: m, columns: n, inner: k } = of;
    return { form, m, n, k, ours: rate("ours"), jaxjs: rate("jaxjs"), tfjs: rate("tfjs") };
  } finally {
    for (const matmul of prepared.values()) matmul.dispose();
  }
}

/** @throws when an engine's product is wrong */
async function verify(
  of: MatmulCase,
  a: Float32Array,
  b: Float32Array,
  prepared: ReadonlyMap<PeerName, PreparedMatmul>,
  random: Random,
): Promise<void> {
  const { form, rows, columns, inner } = of;
  const label = `${form} ${rows}×${columns}×${inner}`;
  const reference = await prepared.get("ours")!.read();
  for (let sample = 0; sample < SAMPLED_ELEMENTS; sample++) {
    const [i, j] = [random.nextBelow(rows), random.nextBelow(columns)];
    let [sum, scale] = [0, 0];
    for (let k = 0; k < inner; k++) {
      const term = a[form === "tn" ? k * rows + i : i * inner + k] *
        b[form === "nt" ? j * inner + k : k * columns + j];
      sum += term;
      scale += Math.abs(term);
    }
    const error = Math.abs(reference[i * columns + j] - sum) / scale;
    if (!(error <= MAX_RELATIVE_ERROR)) {
      throw new Error(
        `verify ours at ${label}: element [${i}, ${j}] is ${reference[i * columns + j]}, ${sum} is exact`,
      );
    }
  }
  for (const [name, matmul] of prepared) {
    const error = distance(name === "ours" ? reference : await matmul.read(), reference);
    if (!(error <= MAX_RELATIVE_ERROR)) {
      throw new Error(
        `verify ${name} at ${label}: relative error ${error} against ours, at most ${MAX_RELATIVE_ERROR} required`,
      );
    }
  }
}

/** ‖actual − expected‖ / ‖expected‖ */
export function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let [difference, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

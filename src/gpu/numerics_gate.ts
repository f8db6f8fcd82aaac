/**
 * The adapter's arithmetic, tried before it is trusted with a run: one small kernel with what training is made of, against
 * its twin. Drivers have returned zeros without an error (denoland/deno#23125); a run that starts on one is lost.
 */
import type { Log } from "../base/log.ts";
import { Random } from "../base/random.ts";
import { numericsGate } from "../reference/numerics_gate.ts";
import { gpuError } from "./errors.ts";
import type { Gpu } from "./gpu.ts";
import type { Precision } from "./precision.ts";

export interface GateReport {
  readonly passed: boolean;
  /** ‖Δ‖/‖twin‖ over all outputs; NaN when something is not finite. */
  readonly relativeError: number;
  /** What failed, for people; empty when passed. */
  readonly reason: string;
}

/** `auto`: f16 on a hardware adapter that passes the gate, else f32. */
export type PrecisionChoice = "auto" | Precision;

/** What the gate uses of a Gpu. */
export type GateDevice = Pick<Gpu, "arena" | "plan" | "write" | "submit" | "capture" | "readF32">;

const [ROWS, COLUMNS, INNER] = [19, 13, 24];

/**
 * Every output is rounded once to 2⁻¹¹ (2⁻¹⁰ where the driver cuts instead of rounding), products of scalars once more; in
 * f32 exp and the division leave about 1e-6.
 */
const MAX_RELATIVE_ERROR: Readonly<Record<Precision, number>> = { f32: 1e-5, f16: 2 ** -9 };

/**
 * Never throws for what the adapter does: whatever it reports is a reason not to trust it.
 * @throws `gpu/device-lost`
 */
export async function checkNumerics(gpu: GateDevice, precision: Precision): Promise<GateReport> {
  const refuse = (reason: string, relativeError = NaN) => ({ passed: false, relativeError, reason });
  const { a, b, expected } = gateInputs(precision);
  let y, edges;
  try {
    [y, edges] = await runGate(gpu, precision, a, b);
  } catch (error) {
    if ((error as { code?: unknown }).code === "gpu/device-lost") throw error;
    return refuse((error as Error).message);
  }
  let [difference, total] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (y[i] - expected[i]) ** 2;
    total += expected[i] ** 2;
  }
  const relativeError = Math.sqrt(difference / total);
  const allowed = MAX_RELATIVE_ERROR[precision];
  if (!(relativeError <= allowed)) {
    return refuse(`relative error ${relativeError}, at most ${allowed} is required`, relativeError);
  }
  if (precision === "f16" && Number.isFinite(edges[0])) {
    return refuse(`80000 is stored as ${edges[0]}, an infinity is required to see overflow`, relativeError);
  }
  if (edges[1] !== 2 * SMALL) {
    return refuse(`${2 * SMALL} is stored as ${edges[1]}, exactness is required`, relativeError);
  }
  return { passed: true, relativeError, reason: "" };
}

/** The precision to train in; says in the log when it is not the one wanted, and why. */
export async function choosePrecision(
  gpu: GateDevice & Pick<Gpu, "has" | "adapterName" | "backendKind">,
  choice: PrecisionChoice,
  log?: Log,
): Promise<Precision> {
  if (choice === "f32" || (choice === "auto" && gpu.backendKind !== "hardware")) return "f32";
  const reason = gpu.has("shader-f16")
    ? (await checkNumerics(gpu, "f16")).reason
    : "the adapter offers no shader-f16";
  if (reason === "") return "f16";
  log?.warn(`train in f16 on ${gpu.adapterName}: ${reason}, training in f32`);
  return "f32";
}

/**
 * For what must not fall back: a comparison.
 * @param found what `choosePrecision` came to
 * @throws `gpu/no-f16`
 */
export function requirePrecision(found: Precision, wanted: Precision, adapter: string): void {
  if (found === wanted) return;
  const reason = `${adapter} fails the numerics gate or has no f16`;
  throw gpuError("gpu/no-f16", `compute in ${wanted}: ${reason}, use precision f32`, { adapter });
}

/** The smallest normal half; below, drivers may flush to zero. */
const SMALL = 2 ** -14;

function gateInputs(precision: Precision) {
  const random = new Random(16);
  const draw = (count: number) => {
    const values = Float32Array.from({ length: count }, () => random.nextNormal() * 0.5);
    return precision === "f16" ? new Float32Array(new Float16Array(values)) : values;
  };
  const [a, b] = [draw(ROWS * INNER), draw(COLUMNS * INNER)];
  return { a, b, expected: numericsGate(a, b, INNER) };
}

async function runGate(
  gpu: GateDevice,
  precision: Precision,
  a: Float32Array,
  b: Float32Array,
): Promise<[Float32Array, Float32Array]> {
  const arena = gpu.arena("numerics gate");
  try {
    const buffer = (label: string, elements: number) => arena.allocate(label, elements, { type: precision });
    const inputs = [buffer("a", a.length), buffer("b", b.length), buffer("probes", 2)];
    const [y, edges] = [buffer("y", ROWS * 4 * COLUMNS), buffer("edges", 2)];
    const error = await gpu.capture(() => {
      [a, b, Float32Array.of(40000, SMALL)].forEach((values, i) => gpu.write(inputs[i], values));
      const bindings = [...inputs, y, edges].map((each) => each.whole());
      gpu.submit(gpu.plan(precision).add("numerics_gate", { ROWS, COLUMNS, INNER }, bindings, ROWS));
    });
    if (error !== undefined) throw gpuError("gpu/fault", `try the numerics gate: ${error}`);
    return [await gpu.readF32(y.slice(0, ROWS * 4 * COLUMNS)), await gpu.readF32(edges.slice(0, 2))];
  } finally {
    arena.destroy();
  }
}

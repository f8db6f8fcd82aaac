/**
 * How far `skein logits` and `skein grads` are from PyTorch on the checkpoints of test/fixtures, on the adapter of this machine:
 * `deno run -A --no-check bench/parity/checkpoints.ts [--record]`, which keeps the figures in docs/tolerances.md.
 */
import { type ToleranceRow, withRows } from "../../scripts/tolerance_table.ts";
import { openDevice } from "../../src/gpu/mod.ts";
import {
  FIXTURE_MODELS,
  TOLERANCES,
  transformersDeltas,
  worstGradient,
} from "../../test/unit/model/transformers_deltas.ts";

const PAGE = new URL("../../docs/tolerances.md", import.meta.url);
const HEADING = "## Against PyTorch";

const gpu = await openDevice();
const pair = `${gpu.adapterName}; PyTorch f64`;
gpu.close();
const rows: ToleranceRow[] = [];
for (const precision of ["f32", "f16"] as const) {
  for (const model of FIXTURE_MODELS) {
    const deltas = await transformersDeltas(model, precision);
    const { name, ...gradient } = worstGradient(deltas);
    const logits = deltas.get("logits")!;
    console.log(
      `${model} in ${precision}: logits ${logits.relative}, worst gradient ${name} ${gradient.relative}`,
    );
    const row = { pair, run: `${model} in ${precision}`, allowedRelative: TOLERANCES[precision] };
    rows.push({ ...row, quantity: "logits", ...logits }, { ...row, quantity: "worst gradient", ...gradient });
  }
}
if (Deno.args.includes("--record")) {
  // The page's first table is that of pairs of adapters.
  const [adapters, pytorch] = Deno.readTextFileSync(PAGE).split(HEADING);
  Deno.writeTextFileSync(PAGE, adapters + HEADING + withRows(pytorch, rows));
}

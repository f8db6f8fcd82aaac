/**
 * Writes what the other implementation needs to run the same training: `deno run -A bench/parity/export.ts PLAN DIR`.
 *   plan.json       the plan, the digests and the tensors [name, shape] in the order of parameters.f32
 *   parameters.f32, batches.u32 [steps, batchSize, contextLength + 1], validation.u32 [n, contextLength + 1]: little-endian
 */
import { loadDefaultCorpus } from "../../src/data/corpus.ts";
import { parameterLayout } from "../../src/model/mod.ts";
import { PLANS } from "./plans.ts";
import { digestsOf, planBytes } from "./training.ts";

const [name, folder] = Deno.args;
const plan = PLANS[name];
if (plan === undefined || folder === undefined) {
  console.error(`export a training: PLAN (${Object.keys(PLANS).join(", ")}) and DIR required`);
  Deno.exit(2);
}
const bytes = planBytes(plan, await loadDefaultCorpus());
const tensors = parameterLayout(plan.model).entries.map((entry) => [entry.name, entry.shape, entry.decay]);
await Deno.mkdir(folder, { recursive: true });
await Deno.writeTextFile(
  `${folder}/plan.json`,
  JSON.stringify({ plan, digests: digestsOf(bytes), tensors }, null, 1),
);
for (
  const [file, values] of [
    ["parameters.f32", bytes.parameters],
    ["batches.u32", bytes.batches],
    ["validation.u32", bytes.validation],
  ] as const
) {
  await Deno.writeFile(`${folder}/${file}`, new Uint8Array(values.buffer));
}
console.log(`${plan.name}: ${bytes.parameters.length} parameters, ${plan.steps} steps in ${folder}`);

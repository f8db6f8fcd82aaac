/**
 * Every decoder on random and mutated inputs: `deno task fuzz [--inputs 1000000] [--seed N] [--only NAME] [--json]`.
 * What counts as a finding stands in `test/property/fuzz/decoder.ts`.
 */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { systemClock } from "../src/base/clock.ts";
import { campaign, type Result } from "../test/property/fuzz/campaign.ts";

const HELP = `
Each decoder gets --inputs of them times its share: 1 for those that cost a few microseconds, less for what hashes,
checks signatures, reads files or takes large maps. Half of the inputs are random, half are mutations of valid ones. A
finding is an error that is no SkeinError, more than a second, more memory than the decoder's bound, or the end of the
process; it is printed with the shortest input that was found to do the same, and the exit status is 1.`;

function count(text: string): number {
  const value = Number(text.replaceAll("_", ""));
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError("a whole number is required");
  return value;
}

const options = new Command("fuzz")
  .description("Feeds random and mutated bytes to every decoder")
  .option("--inputs <count>", "inputs of a decoder of share 1", count, 1_000_000)
  .option(
    "--seed <number>",
    "the same seed makes the same inputs",
    count,
    crypto.getRandomValues(new Uint32Array(1))[0],
  )
  .option("--only <text>", "only decoders whose name contains this")
  .option("--json", "one JSON object a line", false)
  .addHelpText("after", HELP)
  .parse().opts();

function print(result: Result): void {
  const { seed, json } = options;
  if (json) return console.log(JSON.stringify({ event: result.kind, seed, ...result }));
  const { decoder, inputs, seconds } = result;
  const microseconds = (1e6 * seconds / inputs).toFixed(1);
  const head = `${decoder.padEnd(46)} ${String(inputs).padStart(9)} inputs ${
    seconds.toFixed(1).padStart(6)
  } s`;
  if (result.kind === "clean") {
    const { accepted, refused, slowestMs } = result.tally;
    const codes = Object.entries(refused).sort((a, b) => b[1] - a[1]).slice(0, 3)
      .map(([code, times]) => `${code} ${times}`).join(", ");
    console.log(
      `${head}, ${microseconds} µs each, slowest ${slowestMs.toFixed(0)} ms; decoded ${accepted}; ${codes}`,
    );
    return;
  }
  console.log(`${head}  ${result.breach.kind.toUpperCase()}: ${result.breach.detail}`);
  console.log(`  seed ${seed}, input ${result.index}: ${result.hex}`);
}

const directory = await Deno.makeTempDir({ prefix: "skein-fuzz-" });
if (!options.json) console.log(`seed ${options.seed}`);
const startMs = systemClock.monotonicMs();
const table = new URL("../test/property/fuzz/decoder_table.ts", import.meta.url).href;
const { inputs, seed, only } = options;
const results = await campaign({ table, directory, inputs, seed, only }, systemClock, print)
  .finally(() => Deno.remove(directory, { recursive: true }));
const findings = results.filter(({ kind }) => kind === "finding").length;
const summary = {
  event: "summary",
  seed,
  decoders: results.length,
  inputs: results.reduce((total, result) => total + result.inputs, 0),
  findings,
  seconds: Math.round((systemClock.monotonicMs() - startMs) / 100) / 10,
};
if (options.json) console.log(JSON.stringify(summary));
else {
  console.log(
    `${summary.inputs} inputs, ${summary.decoders} decoders, ${findings} findings, ${summary.seconds} s`,
  );
}
Deno.exit(findings > 0 || results.length === 0 ? 1 : 0);

/**
 * SIGKILL of members of a real swarm of processes: `deno task chaos [--kills 50] [--seed N] [--members 6] [--json]`. What
 * must hold after each stands in `test/chaos/kills.ts`. Exit status 1, and the events are kept, on a violation.
 */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { systemClock } from "../src/base/clock.ts";
import { secureRandomBytes } from "../src/base/random.ts";
import { chaos } from "../test/chaos/campaign.ts";
import type { KillReport } from "../test/chaos/kills.ts";

function count(text: string): number {
  const value = Number(text.replaceAll("_", ""));
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError("a whole number is required");
  return value;
}

const options = new Command("chaos")
  .description("Kills members of a swarm of real processes in the middle of rounds")
  .option("--kills <count>", "how many, one after the other", count, 50)
  .option("--seed <number>", "of victims and moments", count, new Uint16Array(secureRandomBytes(2).buffer)[0])
  .option("--members <count>", "processes", count, 6)
  .option("--elements <count>", "of the tensor that is reduced", count, 1_000_000)
  .option("--keep", "keep homes and events without a violation, too", false)
  .option("--json", "one JSON object a line", false)
  .parse().opts();

function print(report: KillReport): void {
  if (options.json) return console.log(JSON.stringify({ event: "kill", ...report }));
  const { kill, aim, victim, delayMs, outerStep, outcome, attempts, members } = report;
  console.log(
    `${String(kill).padStart(3)}  ${aim.padEnd(7)} member ${victim} after ${
      String(delayMs).padStart(4)
    } ms in step ` +
      `${String(outerStep).padStart(3)}: ${outcome} by ${members} in attempt ${attempts}, ` +
      `next step after ${report.survivorsSeconds} s, back in ${report.returnSeconds} s`,
  );
}

const directory = await Deno.makeTempDir({ prefix: "skein-chaos-" });
if (!options.json) console.log(`seed ${options.seed}`);
const { kills, seed, members: memberCount, elements: elementCount } = options;
const { summary, violations } = await chaos(
  { kills, seed, memberCount, elementCount, directory },
  systemClock,
  print,
);
for (const violation of violations) console.error(violation);
if (violations.length > 0 || options.keep) console.error(`events are in ${directory}/events.jsonl`);
else await Deno.remove(directory, { recursive: true });
if (options.json) console.log(JSON.stringify(summary));
else {
  const { committed, aborted, steps, seconds } = summary;
  console.log(
    `${summary.kills} kills: ${committed} rounds committed, ${aborted} aborted, ${violations.length} violations, ` +
      `${steps} steps in ${seconds} s`,
  );
}
Deno.exit(violations.length > 0 || summary.kills < kills ? 1 : 0);

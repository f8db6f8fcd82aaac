/**
 * SIGKILL of a real `skein chain` while six accounts send transfers without a pause:
 * `deno task chain:kills [--kills 50] [--seed N] [--json]`. What must hold after each restart stands in
 * `test/chaos/chain/inspection.ts`. Exit status 1, and the store is kept, on a violation.
 */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { systemClock } from "../src/base/clock.ts";
import { secureRandomBytes } from "../src/base/random.ts";
import { type ChainKillReport, killChain } from "../test/chaos/chain/kills.ts";

function count(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 0) {
    throw new InvalidArgumentError("a whole number is required");
  }
  return value;
}

const options = new Command("chain:kills")
  .description("Kills a local chain under load, again and again, and inspects it after each restart")
  .option("--kills <count>", "how many, one after the other", count, 50)
  .option("--seed <number>", "of the moments", count, new Uint16Array(secureRandomBytes(2).buffer)[0])
  .option("--json", "one JSON object a line", false)
  .parse().opts();

function print(report: ChainKillReport): void {
  if (options.json) return console.log(JSON.stringify({ event: "kill", ...report }));
  const { kill, delayMs, submitted, transfers, head, restartSeconds } = report;
  console.log(
    `${String(kill).padStart(3)}  after ${String(delayMs).padStart(4)} ms and ${
      String(submitted).padStart(4)
    } ` +
      `transfers: back in ${restartSeconds} s at block ${head}, ${transfers} transfers in blocks`,
  );
}

const directory = await Deno.makeTempDir({ prefix: "skein-chain-kills-" });
if (!options.json) console.log(`seed ${options.seed}`);
const { kills, seed } = options;
const { summary, violations } = await killChain({ kills, seed, directory }, systemClock, print);
for (const violation of violations) console.error(violation);
if (violations.length > 0) console.error(`the store is in ${directory}`);
else await Deno.remove(directory, { recursive: true });
console.log(
  options.json
    ? JSON.stringify(summary)
    : `${summary.kills} kills: ${summary.violations} violations, ${summary.transfers} transfers in ` +
      `${summary.head} blocks, ${summary.told} of them told, in ${summary.seconds} s`,
);
Deno.exit(violations.length > 0 || summary.kills < kills ? 1 : 0);

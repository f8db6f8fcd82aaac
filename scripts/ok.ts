/**
 * The gate: format, lint, types, fences, tests. One line a stage; stops at the first that fails, shows what it said, and
 * exits non-zero. `--gates-only` leaves the tests out.
 */
import { runDeno } from "./run_command.ts";

interface Stage {
  readonly name: string;
  readonly args: readonly string[];
  /** Long stages show their output as it comes. */
  readonly passOn?: boolean;
}

const SOURCES = ["cli.ts", "src", "test", "bench", "scripts"];
const GATES: readonly Stage[] = [
  { name: "fmt", args: ["fmt", "--check"] },
  { name: "lint", args: ["lint"] },
  { name: "check", args: ["check", ...SOURCES] },
  { name: "fences", args: ["test", "-A", "--no-check", "test/unit/tidy"] },
];
const TESTS: Stage = { name: "tests", args: ["run", "-A", "--no-check", "scripts/test.ts"], passOn: true };

async function main(args: readonly string[]): Promise<number> {
  for (const { name, args: command, passOn } of args.includes("--gates-only") ? GATES : [...GATES, TESTS]) {
    const { code, seconds, output } = await runDeno(command, passOn);
    console.log(`${name.padEnd(6)} ${code === 0 ? "ok" : "FAILED"} ${seconds.toFixed(1)} s`);
    if (code !== 0) {
      console.log(output.trimEnd());
      return 1;
    }
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

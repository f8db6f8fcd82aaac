/**
 * Runs the tests, group by group, and closes with `N passed, N failed, N skipped`. Types are not checked here: that is
 * `deno task check`.
 *
 *   deno task test [PATH...] [-- FLAGS OF DENO TEST...]     paths from where you are, or from the repository
 */
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { ROOT, runDeno } from "./run_command.ts";
import { groupFolders, selectPaths, type TestGroup } from "./test_groups.ts";
import { addCounts, countTests, describeCounts, NO_TESTS, type TestCounts } from "./test_report.ts";

async function main(args: readonly string[]): Promise<number> {
  const split = args.indexOf("--");
  const [paths, flags] = split < 0 ? [args, []] : [args.slice(0, split), args.slice(split + 1)];
  const folders = [...Deno.readDirSync(join(ROOT, "test"))].filter((entry) => entry.isDirectory);
  let groups = groupFolders(folders.map((entry) => entry.name));
  if (paths.length > 0) groups = selectPaths(groups, paths.map(fromRoot));
  let total = NO_TESTS;
  for (const group of groups) {
    console.log(`== ${group.name}`);
    const { counts, seconds } = await runGroup(group, flags);
    console.log(`== ${group.name}: ${describeCounts(counts)}, ${seconds.toFixed(1)} s`);
    total = addCounts(total, counts);
  }
  if (total.passed + total.failed === 0) console.log(`no test ran under ${paths.join(" ") || "test"}`);
  console.log(describeCounts(total));
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** A path of the command line, relative to the repository. */
function fromRoot(path: string): string {
  const here = resolve(path);
  return relative(ROOT, existsSync(here) ? here : join(ROOT, path)).replaceAll("\\", "/");
}

async function runGroup(
  { paths }: TestGroup,
  flags: readonly string[],
): Promise<{ counts: TestCounts; seconds: number }> {
  const directory = Deno.makeTempDirSync({ prefix: "skein-test-" });
  const report = join(directory, "report.xml");
  try {
    const { code, seconds } = await runDeno(
      ["test", "-A", "--no-check", "--permit-no-files", `--junit-path=${report}`, ...flags, ...paths],
      true,
    );
    const text = existsSync(report) ? Deno.readTextFileSync(report) : undefined;
    return { counts: countTests(text, code), seconds };
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));

/**
 * Programs as JavaScript that a bare Deno runs: `deno bundle`, split where the source imports dynamically. A process of it
 * takes 15 MB less than one of the source, whose thousand modules Deno keeps a graph of.
 */
import { runDeno } from "./run_command.ts";

/** A native addon cannot be bundled: whoever runs the program has it in a folder beside it, or does not load it. */
export const ADDON = "node-datachannel";

/**
 * @param entries of the repository; each becomes a file of the same name, with .js, in `directory`
 * @throws when the bundler fails, with what it said
 */
export async function bundle(entries: readonly string[], directory: string): Promise<void> {
  const externals = [ADDON, `${ADDON}/polyfill`].flatMap((name) => ["--external", name]);
  await run(entries, ["--code-splitting", ...externals, "--outdir", directory]);
}

/** One entry as one file, which may have any name. @throws as `bundle` */
export async function bundleFile(entry: string, path: string): Promise<void> {
  await run([entry], ["--output", path]);
}

async function run(entries: readonly string[], flags: readonly string[]): Promise<void> {
  const { code, output } = await runDeno(["bundle", "--platform", "deno", ...flags, ...entries]);
  if (code === 0) return;
  throw new Error(`bundle ${entries.join(" ")}: deno bundle failed with code ${code}\n${output}`);
}

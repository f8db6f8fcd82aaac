/**
 * One executable file, `dist/skein`, in one of two forms.
 *
 *   compiled          `deno compile`: needs Deno's base binary `denort`, from the network or from DENORT_BIN
 *   self-extracting   where denort cannot be had: the pinned Deno and the bundled program behind a shell head
 *
 *   deno task compile [--self-extracting]
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "../src/cli/version.ts";
import { V8_FLAGS } from "../src/node/v8_memory.ts";
import { bundleProgram } from "./bundle_program.ts";
import { ROOT, runDeno } from "./run_command.ts";
import { writeSelfExtracting } from "./self_extracting.ts";

const OUTPUT = join(ROOT, "dist", "skein");
/** How a failure of `deno compile` reads when it is for want of denort and nothing else. */
const NO_DENORT = /denort|dl\.deno\.land|download/i;

async function main(args: readonly string[]): Promise<number> {
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  rmSync(OUTPUT, { force: true });
  const isCompiled = !args.includes("--self-extracting") && await compile();
  if (!isCompiled) await buildSelfExtracting();
  const megabytes = (statSync(OUTPUT).size / 1e6).toFixed(1);
  console.log(`dist/skein: ${isCompiled ? "compiled" : "self-extracting"}, ${megabytes} MB`);
  return await tryOut();
}

/** @returns false when denort cannot be had; @throws when the program itself does not compile */
async function compile(): Promise<boolean> {
  const { code, output } = await runDeno(
    [
      ...["compile", "-A", "--no-check", `--v8-flags=${V8_FLAGS}`],
      ...["--include", "src/node/node.ts", "--include", "src/chain/wallet/box_key_worker.ts"],
      ...["--output", OUTPUT, "cli.ts"],
    ],
  );
  if (code === 0) return true;
  if (!NO_DENORT.test(output)) {
    throw new Error(`compile cli.ts: deno compile failed with code ${code}\n${output}`);
  }
  console.log(
    "deno compile needs its base binary denort, which is neither in reach nor named by DENORT_BIN;",
  );
  console.log("building the self-extracting form instead");
  return false;
}

async function buildSelfExtracting(): Promise<void> {
  const directory = mkdtempSync(join(ROOT, "dist", ".build-"));
  try {
    await bundleProgram(join(directory, "program"));
    mkdirSync(join(directory, "bin"));
    Deno.copyFileSync(Deno.execPath(), join(directory, "bin", "deno"));
    Deno.chmodSync(join(directory, "bin", "deno"), 0o755);
    await writeSelfExtracting(directory, OUTPUT, VERSION);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs it with an empty home and a bare PATH, twice: the first run may unpack. */
async function tryOut(): Promise<number> {
  const home = Deno.makeTempDirSync({ prefix: "skein-home-" });
  try {
    for (const name of ["first", "second"]) {
      const startMs = performance.now();
      const { code, stdout, stderr } = await new Deno.Command(OUTPUT, {
        args: ["--version"],
        clearEnv: true,
        env: { HOME: home, PATH: "/usr/bin:/bin" },
        cwd: home,
      }).output();
      const text = new TextDecoder().decode(stdout).trim();
      if (code !== 0 || text !== VERSION) {
        console.error(`try dist/skein --version: code ${code}, "${text}" found, "${VERSION}" required`);
        console.error(new TextDecoder().decode(stderr));
        return 1;
      }
      console.log(`${name} start ${((performance.now() - startMs) / 1000).toFixed(2)} s`);
    }
    return 0;
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));

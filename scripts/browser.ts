/**
 * The engine in headless Chromium, by itself: kernel tests, ten steps of pico beside the same steps here, sizes and times.
 * `--record` keeps the differences in docs/tolerances.md.
 */
import { parseArgs } from "node:util";
import { bundleEngine } from "../test/browser/bundle.ts";
import { CHROMIUM_ADVICE, findChromium } from "../test/browser/chromium.ts";
import { KernelPage } from "../test/browser/kernel_page.ts";
import { ALLOWED_RELATIVE, type Delta, runDeltas } from "../test/browser/run_deltas.ts";
import { RUN_NAMES, type RunName, STEP_COUNT, trainSteps } from "../test/browser/training_run.ts";
import { type ToleranceRow, withRows } from "./tolerance_table.ts";

const PAGE = new URL("../docs/tolerances.md", import.meta.url);

const HELP = `The kernel tests and ten training steps of pico in headless Chromium (Dawn, Tint, SwiftShader).

  deno task browser [--json] [--record]
      --json     one object: browser, adapters, kernel tests, losses, differences, sizes and times
      --record   writes the differences into docs/tolerances.md

Exits 1 when a kernel test fails or the two adapters differ by more than is allowed, 2 when there is no Chromium.`;

interface BrowserReport {
  readonly chromium: string;
  readonly adapters: { readonly deno: string; readonly chromium: string };
  readonly kernelTests: {
    readonly passed: number;
    readonly ignored: readonly string[];
    readonly failed: readonly { readonly name: string; readonly error: string }[];
  };
  readonly runs: readonly RunReport[];
  /** The page has the kernel tests in it; the engine is what a user's page loads, minified. */
  readonly bytes: { readonly page: number; readonly engine: number };
  readonly seconds: { readonly start: number; readonly kernelTests: number };
}

/** The same steps by Deno's adapter and by Chromium's. */
interface RunReport {
  readonly name: RunName;
  readonly losses: { readonly deno: readonly number[]; readonly chromium: readonly number[] };
  readonly deltas: readonly (Delta & { allowedRelative: number })[];
  readonly seconds: { readonly deno: number; readonly chromium: number };
}

async function measure(executablePath: string): Promise<BrowserReport> {
  const page = await KernelPage.open(executablePath);
  try {
    const [kernelTests, testSeconds] = await timed(() => runTests(page));
    const adapters = { deno: "", chromium: "" };
    const runs: RunReport[] = [];
    for (const name of RUN_NAMES) {
      const [base, deno] = await timed(() => trainSteps(name));
      const [run, chromium] = await timed(() => page.trainSteps(name));
      Object.assign(adapters, { deno: base.adapter, chromium: run.adapter });
      const deltas = runDeltas(run, base).map((delta) => ({
        ...delta,
        allowedRelative: ALLOWED_RELATIVE[delta.quantity],
      }));
      const losses = { deno: base.losses, chromium: run.losses };
      runs.push({ name, losses, deltas, seconds: { deno, chromium } });
    }
    return {
      chromium: page.version,
      adapters,
      kernelTests,
      runs,
      bytes: { page: page.bundleBytes, engine: await engineBytes() },
      seconds: { start: page.startMs / 1000, kernelTests: testSeconds },
    };
  } finally {
    await page.close();
  }
}

async function runTests(page: KernelPage): Promise<BrowserReport["kernelTests"]> {
  const tests = await page.tests();
  const failed = [];
  for (const [index, { name, isIgnored }] of tests.entries()) {
    const error = isIgnored ? "" : (await page.runTest(index)).error;
    if (error !== "") failed.push({ name, error });
  }
  const ignored = tests.filter(({ isIgnored }) => isIgnored).map(({ name }) => name);
  return { passed: tests.length - ignored.length - failed.length, ignored, failed };
}

async function engineBytes(): Promise<number> {
  const directory = Deno.makeTempDirSync({ prefix: "skein-engine-" });
  try {
    return (await bundleEngine(directory)).length;
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

async function timed<R>(work: () => Promise<R>): Promise<[R, number]> {
  const startMs = performance.now();
  return [await work(), (performance.now() - startMs) / 1000];
}

function rowsOf({ adapters, runs }: BrowserReport): ToleranceRow[] {
  return runs.flatMap(({ name, deltas }) =>
    deltas.map((delta) => ({
      ...delta,
      pair: `${adapters.deno}; ${adapters.chromium}`,
      run: `${name}, ${STEP_COUNT} steps`,
    }))
  );
}

function print({ chromium, adapters, kernelTests, runs, bytes, seconds }: BrowserReport): void {
  const { passed, ignored, failed } = kernelTests;
  for (const { name, error } of failed) console.log(`FAILED ${name}\n${error}\n`);
  for (const name of ignored) console.log(name);
  console.log(
    `Chromium ${chromium}, ${adapters.chromium}: ${passed} kernel tests passed, ${failed.length} failed, ` +
      `${ignored.length} skipped, ${seconds.kernelTests.toFixed(1)} s after ${
        seconds.start.toFixed(1)
      } s of start`,
  );
  for (const { name, deltas, seconds } of runs) {
    console.log(
      `${name}, ${STEP_COUNT} steps: ${adapters.deno} ${seconds.deno.toFixed(1)} s, ` +
        `${adapters.chromium} ${seconds.chromium.toFixed(1)} s`,
    );
    for (const { quantity, absolute, relative, allowedRelative } of deltas) {
      console.log(
        `  ${quantity}: ${absolute.toExponential(1)} apart, relative ${relative.toExponential(1)}, ` +
          `allowed ${allowedRelative.toExponential(1)}`,
      );
    }
  }
  console.log(`bundles: page ${bytes.page} bytes, the engine alone ${bytes.engine} minified`);
}

async function main(args: string[]): Promise<number> {
  const options = {
    json: { type: "boolean" },
    record: { type: "boolean" },
    help: { type: "boolean" },
  } as const;
  const { values } = parseArgs({ args, options });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const chromium = findChromium();
  if (chromium === undefined) {
    console.error(`look for Chromium: none was found, ${CHROMIUM_ADVICE}`);
    return 2;
  }
  const report = await measure(chromium);
  if (values.json) console.log(JSON.stringify(report));
  else print(report);
  if (values.record) Deno.writeTextFileSync(PAGE, withRows(Deno.readTextFileSync(PAGE), rowsOf(report)));
  const deltas = report.runs.flatMap((run) => run.deltas);
  const agree = deltas.every(({ relative, allowedRelative }) => relative <= allowedRelative);
  return report.kernelTests.failed.length === 0 && agree ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

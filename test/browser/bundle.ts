/**
 * The repository's modules as a browser gets them: bundled by `deno bundle --platform browser`, kernels included as text.
 * The bundler leaves what it cannot bundle as imports; `outsideImports` finds them.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT, runDeno } from "../../scripts/run_command.ts";

/** Rooms whose code runs in a browser tab. */
export const PORTABLE_ROOMS = ["gpu", "model", "optim", "reference", "codec", "allreduce", "train", "score"];

/** Bundles a module that imports `modules` (paths from the repository's root) in order. */
export async function bundleModules(
  directory: string,
  name: string,
  modules: readonly string[],
  flags: readonly string[] = [],
): Promise<string> {
  const entry = join(directory, `${name}_entry.ts`);
  const lines = modules.map((path) =>
    `export * from ${JSON.stringify(pathToFileURL(join(ROOT, path)).href)};\n`
  );
  writeFileSync(entry, lines.join(""));
  const output = join(directory, `${name}.js`);
  const config = join(ROOT, "deno.json");
  const command = ["bundle", "--config", config, "--platform", "browser", ...flags, "-o", output, entry];
  const { code, output: said } = await runDeno(command);
  if (code !== 0) throw new Error(`bundle ${name} for the browser: deno bundle ended with ${code}\n${said}`);
  return readFileSync(output, "utf8");
}

/**
 * The page that runs the kernel tests and the training steps. `node:assert` is left to the page's import map.
 * @throws when a kernel test needs another module that a browser does not have
 */
export async function bundlePage(directory: string): Promise<string> {
  const bundle = await bundleModules(directory, "page", ["test/browser/page.ts", ...kernelTests()]);
  const missing = outsideImports(bundle).filter((name) => name !== "node:assert");
  if (missing.length === 0) return bundle;
  throw new Error(
    `bundle the kernel tests for the browser: they import ${
      missing.join(", ")
    }, only node:assert is allowed, ` +
      "move what needs more out of test/kernels",
  );
}

/** What a page loads to train, minified: the doors of the device, of the models and of the engine. */
export function bundleEngine(directory: string): Promise<string> {
  const modules = ["src/gpu/mod.ts", "src/model/mod.ts", "src/train/engine.ts"];
  return bundleModules(directory, "engine", modules, ["--minify"]);
}

/** Every module of the portable rooms. */
export function portableModules(): string[] {
  return PORTABLE_ROOMS.flatMap((room) => modulesUnder(`src/${room}`));
}

function kernelTests(): string[] {
  return modulesUnder("test/kernels").filter((path) => path.endsWith("_test.ts"));
}

function modulesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => `${folder}/${path.replaceAll("\\", "/")}`)
    .sort();
}

/** What a bundle still asks its runtime for, sorted: modules left as imports, or as CommonJS requires. */
export function outsideImports(bundle: string): string[] {
  const patterns = [
    /^\s*(?:import|export)\b[^"'\n;]*["']([^"'\n]+)["'];?$/gm,
    /\b(?:__require|import)\("([^"\n]+)"\)/g,
  ];
  const found = patterns.flatMap((pattern) => [...bundle.matchAll(pattern)].map((match) => match[1]));
  return [...new Set(found)].sort();
}

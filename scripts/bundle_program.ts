/**
 * The program as a folder that a bare Deno runs without a network, a cache or a lock file:
 *
 *   cli.js, chunks            bundled by `deno bundle`, split where the source imports dynamically; kernels are text in it
 *   box_key_worker.ts         the one worker that the program starts, bundled by itself, under the name that the source has for it
 *   node_modules/             node-datachannel and what it needs: a native addon cannot be bundled, its folder is copied
 *   package.json, deno.json   so that Deno resolves from that folder, with the flags of the repository's deno.json
 */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ADDON, bundle, bundleFile } from "./bundle.ts";
import { ROOT } from "./run_command.ts";

const WORKER = "src/chain/wallet/box_key_worker.ts";

/** Fills `directory`, which must be empty. @throws when the bundler fails, with what it said */
export async function bundleProgram(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  await bundle(["cli.ts"], directory);
  await bundleFile(WORKER, join(directory, basename(WORKER)));
  const addon = packageFolder(import.meta.resolve(`${ADDON}/polyfill`));
  const version = copyPackage(addon, directory);
  const require = createRequire(join(addon, "package.json"));
  for (const name of ["detect-libc", addonPlatformPackage()]) {
    copyPackage(packageFolder(require.resolve(name)), directory);
  }
  const { unstable } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
  write(directory, "deno.json", { nodeModulesDir: "manual", unstable, lock: false });
  write(directory, "package.json", { type: "module", dependencies: { [ADDON]: version } });
}

/** Where node-datachannel keeps its binary for this machine (glibc on Linux: Deno itself needs it). */
function addonPlatformPackage(): string {
  const { os, arch } = Deno.build;
  const suffix = os === "linux" ? "-gnu" : os === "windows" ? "-msvc" : "";
  return `@node-datachannel/${os === "windows" ? "win32" : os}-${
    arch === "x86_64" ? "x64" : "arm64"
  }${suffix}`;
}

/** The folder with the package.json of the package that `module` (a path or file URL) belongs to. */
function packageFolder(module: string): string {
  let folder = dirname(module.startsWith("file:") ? fileURLToPath(module) : module);
  for (;;) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest) && "name" in JSON.parse(readFileSync(manifest, "utf8"))) return folder;
    if (folder === dirname(folder)) {
      throw new Error(`find the package of ${module}: no package.json above it, reinstall`);
    }
    folder = dirname(folder);
  }
}

/** @returns the package's version */
function copyPackage(folder: string, directory: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const isNeeded = (path: string) =>
    !/\/(src|types|\.[a-z]+)(\/|$)|\.(map|md)$/.test(path.slice(folder.length));
  cpSync(folder, join(directory, "node_modules", name), {
    recursive: true,
    dereference: true,
    filter: isNeeded,
  });
  return version;
}

function write(directory: string, name: string, content: unknown): void {
  writeFileSync(join(directory, name), JSON.stringify(content, null, 2) + "\n");
}

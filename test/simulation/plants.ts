/**
 * Planted bugs, to show that the simulator finds what it is for. Two are changes to what the simulation passes in; three
 * replace a module of the all-reduce by way of an import map, which needs a process of its own, and leaves production
 * code without a seam.
 */
import process from "node:process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SkeinError } from "../../src/base/errors.ts";
import { type Plant, PLANTS } from "./draw_episode.ts";

/** Plant → module of src/allreduce → what stands in for it. */
const REPLACED: Partial<Record<Plant, Readonly<Record<string, string>>>> = {
  "commit-without-quorum": { "quorum.ts": "planted_quorum.ts" },
  "unchecked-offers": { "proposal.ts": "planted_offers.ts" },
  "shared-buffers": { "chunk_buffers.ts": "planted_buffers.ts" },
};
const IN_CHILD = "SKEIN_SIM_PLANTED";
const at = (path: string) => new URL(path, import.meta.url).href;

/**
 * Runs the simulation again with replaced modules, when the plant needs that.
 * @returns the exit code, or undefined when this process is the one to run it
 * @throws {SkeinError} `sim/unknown-plant`
 */
export async function runPlanted(plant: string | undefined, args: string[]): Promise<number | undefined> {
  if (plant === undefined) return undefined;
  if (!(PLANTS as readonly string[]).includes(plant)) {
    throw new SkeinError(
      "sim/unknown-plant",
      `read --plant: ${plant} found, one of ${PLANTS.join(", ")} is required`,
    );
  }
  const replaced = REPLACED[plant as Plant];
  if (!replaced || process.env[IN_CHILD] === plant) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "skein-plant-"));
  try {
    const map = join(folder, "import_map.json");
    writeFileSync(map, JSON.stringify(importMap(replaced)));
    const script = fileURLToPath(at("../../scripts/simulate.ts"));
    const config = fileURLToPath(at("../../deno.json"));
    const flags = ["run", "-A", "--quiet", "--no-check", `--config=${config}`, `--import-map=${map}`];
    const child = spawn(process.execPath, [...flags, script, ...args], {
      stdio: "inherit",
      env: { ...process.env, [IN_CHILD]: plant },
    });
    const [code] = await once(child, "exit");
    return code ?? 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Within src/allreduce alone, so that the stand-in itself can import what it replaces. */
function importMap(replaced: Readonly<Record<string, string>>) {
  const { imports: packages } = JSON.parse(readFileSync(fileURLToPath(at("../../deno.json")), "utf8"));
  // A config file does this by itself.
  const folders = Object.entries<string>(packages).map((
    [name, target],
  ) => [`${name}/`, target.replace("npm:", "npm:/") + "/"]);
  const imports = { ...packages, ...Object.fromEntries(folders) };
  const scope = Object.fromEntries(
    Object.entries(replaced).map(([name, by]) => [at(`../../src/allreduce/${name}`), at(by)]),
  );
  return { imports, scopes: { [at("../../src/allreduce/")]: scope } };
}

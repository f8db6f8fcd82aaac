/**
 * Whether a node measures which kernels are the fastest on its adapter, and where it keeps what it found: one file in its
 * home. Software adapters do without, because there a wrong guess costs less than the measurement.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import type { Clock } from "../base/clock.ts";
import { SkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type BackendKind, type Gpu, TuningCache, type TuningStore } from "../gpu/mod.ts";
import type { TuneOptions } from "../model/mod.ts";

const BUDGET_SECONDS = 60;
const VARIABLE = "SKEIN_AUTOTUNE";

export interface TuningChoice {
  /** What the command line says: false for `--no-autotune`. */
  readonly flag: boolean;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * The flag can only forbid; the environment says on or off; else hardware is measured.
 * @throws {SkeinError} `node/bad-environment` when the environment says something else
 */
export function wantsTuning(
  { flag, environment = process.env }: TuningChoice,
  backendKind: BackendKind,
): boolean {
  const value = environment[VARIABLE];
  if (value !== undefined && value !== "" && value !== "on" && value !== "off") {
    throw new SkeinError(
      "node/bad-environment",
      `read ${VARIABLE}: "${value}" found, on or off required, unset it to decide by the adapter`,
      { variable: VARIABLE, value },
    );
  }
  if (!flag || value === "off") return false;
  return value === "on" || backendKind === "hardware";
}

/** What the engine tunes with, or undefined when it is to take the rule of thumb. */
export async function openTuning(
  gpu: Gpu,
  home: string,
  choice: TuningChoice,
  { clock, log }: { clock: Clock; log: Log },
): Promise<TuneOptions | undefined> {
  if (!wantsTuning(choice, gpu.backendKind)) return undefined;
  const cache = await TuningCache.open(tuningFile(join(home, "tuning.json")), gpu.facts, log);
  return { clock, log, cache, budgetSeconds: BUDGET_SECONDS };
}

/** Replaced whole or not at all; its directory is made when needed. */
export function tuningFile(path: string): TuningStore {
  return {
    async load() {
      try {
        return await readFile(path, "utf8");
      } catch (error) {
        if ((error as { code?: string }).code === "ENOENT") return undefined;
        throw error;
      }
    },
    async save(text) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(`${path}.tmp`, text);
      await rename(`${path}.tmp`, path);
    },
  };
}

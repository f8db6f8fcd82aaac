/**
 * A checkpoint directory as Hugging Face's tools write it: config.json and model.safetensors, or several files of tensors
 * behind model.safetensors.index.json. Tensors by name, whichever file they are in.
 */
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { StateError } from "./errors.ts";
import { type NamedTensor, SafetensorsFile, writeSafetensors } from "./safetensors_file.ts";
import type { StoredTensor } from "./safetensors_header.ts";

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";
const CONFIG = "config.json";
const MAXIMUM_JSON_BYTES = 64 << 20;

const indexShape = z.object({ weight_map: z.record(z.string(), z.string()) });
/** A plain name beside the index, so that no index reaches elsewhere. */
const SHARD_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,200}\.safetensors$/;

export class Checkpoint {
  readonly directory: string;
  /** What config.json holds. */
  readonly config: unknown;
  readonly #fileOf: ReadonlyMap<string, SafetensorsFile>;
  readonly #files: readonly SafetensorsFile[];

  private constructor(directory: string, config: unknown, files: readonly SafetensorsFile[]) {
    this.directory = directory;
    this.config = config;
    this.#files = files;
    this.#fileOf = new Map(
      files.flatMap((file) => [...file.tensors.keys()].map((name) => [name, file] as const)),
    );
  }

  /** @throws {StateError} `state/no-checkpoint`, `state/corrupt`, `state/bad-checkpoint` */
  static async open(directory: string): Promise<Checkpoint> {
    const config = await readJson(directory, CONFIG);
    if (config === undefined) throw absent(directory, CONFIG);
    if (await exists(join(directory, SINGLE))) {
      return new Checkpoint(directory, config, [await SafetensorsFile.open(join(directory, SINGLE))]);
    }
    const index = await readJson(directory, INDEX);
    if (index === undefined) throw absent(directory, `${SINGLE} or ${INDEX}`);
    return new Checkpoint(directory, config, await openShards(directory, decodeIndex(index)));
  }

  get names(): string[] {
    return [...this.#fileOf.keys()];
  }

  tensor(name: string): StoredTensor | undefined {
    return this.#fileOf.get(name)?.tensors.get(name);
  }

  /** Fills `into`, see `SafetensorsFile.read`. @throws {StateError} as it does */
  async read(name: string, into: Float32Array<ArrayBuffer>): Promise<void> {
    const file = this.#fileOf.get(name);
    if (file === undefined) {
      throw bad(`read checkpoint ${this.directory}: no tensor ${name} found, one of that name is required`);
    }
    await file.read(name, into);
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.close()));
  }
}

/** Writes config.json and model.safetensors, each whole or not at all. */
export async function writeCheckpoint(
  directory: string,
  config: Readonly<Record<string, unknown>>,
  tensors: readonly NamedTensor[],
): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeSafetensors(join(directory, SINGLE), tensors);
  const path = join(directory, CONFIG);
  await writeFile(`${path}.tmp`, `${JSON.stringify(config, null, 2)}\n`);
  await rename(`${path}.tmp`, path);
}

/**
 * Tensor names to the names of the files that hold them.
 * @throws {StateError} `state/corrupt`
 */
export function decodeIndex(index: unknown): Map<string, string> {
  const parsed = indexShape.safeParse(index);
  if (!parsed.success) {
    throw new StateError(
      "state/corrupt",
      `read ${INDEX}: a malformed index, a weight_map of names by name is required`,
      {},
      parsed.error,
    );
  }
  const map = new Map(Object.entries(parsed.data.weight_map));
  for (const [name, file] of map) {
    if (!SHARD_NAME.test(file)) {
      throw new StateError(
        "state/corrupt",
        `read ${INDEX}: ${JSON.stringify(name.slice(0, 80))} is in ${
          JSON.stringify(file.slice(0, 80))
        }, a plain ` +
          "name that ends in .safetensors is required",
      );
    }
  }
  return map;
}

async function openShards(directory: string, fileOf: Map<string, string>): Promise<SafetensorsFile[]> {
  const files: SafetensorsFile[] = [];
  try {
    for (const name of new Set(fileOf.values())) {
      const path = join(directory, name);
      if (!await exists(path)) throw absent(directory, name);
      const file = await SafetensorsFile.open(path);
      files.push(file);
      for (const tensor of file.tensors.keys()) {
        if (fileOf.get(tensor) !== name) {
          throw bad(`read checkpoint ${directory}: ${name} holds ${tensor}, ${INDEX} must say so`);
        }
      }
    }
    for (const [tensor, name] of fileOf) {
      if (!files.some((file) => file.tensors.has(tensor))) {
        throw bad(`read checkpoint ${directory}: no tensor ${tensor} found in ${name}, ${INDEX} requires it`);
      }
    }
    return files;
  } catch (error) {
    await Promise.all(files.map((file) => file.close()));
    throw error;
  }
}

async function readJson(directory: string, name: string): Promise<unknown> {
  const path = join(directory, name);
  if (!await exists(path)) return undefined;
  const { size } = await stat(path);
  const refuse = (found: string, required: string, cause?: unknown) =>
    new StateError("state/corrupt", `read ${path}: ${found}, ${required} is required`, { path }, cause);
  if (size > MAXIMUM_JSON_BYTES) throw refuse(`${size} bytes`, `at most ${MAXIMUM_JSON_BYTES}`);
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw refuse("no JSON", "JSON", cause);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return false;
    throw error;
  }
}

const bad = (message: string) => new StateError("state/bad-checkpoint", message);

const absent = (directory: string, name: string) =>
  new StateError(
    "state/no-checkpoint",
    `open checkpoint ${directory}: no ${name} found, a directory as transformers' save_pretrained writes it is required`,
    { directory },
  );

/**
 * A checkpoint directory as Hugging Face's tools write it: config.json and model.safetensors, or several files of tensors
 * behind model.safetensors.index.json. Tensors by name, whichever file they are in. One file is open at a time.
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
const MAXIMUM_SHARDS = 1024;
const MAXIMUM_JSON_BYTES = 64 << 20;

const indexShape = z.object({ weight_map: z.record(z.string(), z.string()) });
/** A plain name beside the index, so that no index reaches elsewhere. */
const SHARD_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,200}\.safetensors$/;

/** A tensor and the name of the file that holds it. */
interface Placed {
  readonly file: string;
  readonly tensor: StoredTensor;
}

export class Checkpoint {
  readonly directory: string;
  /** What config.json holds. */
  readonly config: unknown;
  readonly #tensors: ReadonlyMap<string, Placed>;
  /** The file that was read last. */
  #open: SafetensorsFile | undefined;

  private constructor(directory: string, config: unknown, tensors: ReadonlyMap<string, Placed>) {
    this.directory = directory;
    this.config = config;
    this.#tensors = tensors;
  }

  /** @throws {StateError} `state/no-checkpoint`, `state/corrupt`, `state/bad-checkpoint` */
  static async open(directory: string): Promise<Checkpoint> {
    const config = await readJson(directory, CONFIG);
    if (config === undefined) throw absent(directory, CONFIG);
    if (await exists(join(directory, SINGLE))) {
      return new Checkpoint(directory, config, await placeTensors(directory, [SINGLE]));
    }
    const index = await readJson(directory, INDEX);
    if (index === undefined) throw absent(directory, `${SINGLE} or ${INDEX}`);
    return new Checkpoint(directory, config, await placeIndexed(directory, decodeIndex(index)));
  }

  get names(): string[] {
    return [...this.#tensors.keys()];
  }

  tensor(name: string): StoredTensor | undefined {
    return this.#tensors.get(name)?.tensor;
  }

  /** Fills `into`, see `SafetensorsFile.read`; one call at a time. @throws {StateError} as it does, `state/io` */
  async read(name: string, into: Float32Array<ArrayBuffer>): Promise<void> {
    const placed = this.#tensors.get(name);
    if (placed === undefined) {
      throw bad(`read checkpoint ${this.directory}: no tensor ${name} found, one of that name is required`);
    }
    const path = join(this.directory, placed.file);
    if (this.#open?.path !== path) {
      await this.close();
      this.#open = await openFile(path);
    }
    await this.#open.read(name, into);
  }

  async close(): Promise<void> {
    await this.#open?.close();
    this.#open = undefined;
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
  const shards = new Set(map.values()).size;
  if (shards > MAXIMUM_SHARDS) {
    throw new StateError(
      "state/corrupt",
      `read ${INDEX}: ${shards} files named, at most ${MAXIMUM_SHARDS} are required`,
    );
  }
  return map;
}

async function placeIndexed(directory: string, fileOf: Map<string, string>): Promise<Map<string, Placed>> {
  const tensors = await placeTensors(directory, new Set(fileOf.values()), fileOf);
  for (const [tensor, name] of fileOf) {
    if (!tensors.has(tensor)) {
      throw bad(`read checkpoint ${directory}: no tensor ${tensor} found in ${name}, ${INDEX} requires it`);
    }
  }
  return tensors;
}

/** Reads the headers of `files`, one after another. */
async function placeTensors(
  directory: string,
  files: Iterable<string>,
  fileOf?: Map<string, string>,
): Promise<Map<string, Placed>> {
  const placed = new Map<string, Placed>();
  for (const file of files) {
    const path = join(directory, file);
    if (!await exists(path)) throw absent(directory, file);
    const opened = await openFile(path);
    await opened.close();
    for (const [name, tensor] of opened.tensors) {
      if (fileOf !== undefined && fileOf.get(name) !== file) {
        throw bad(`read checkpoint ${directory}: ${file} holds ${name}, ${INDEX} must say so`);
      }
      placed.set(name, { file, tensor });
    }
  }
  return placed;
}

/** @throws {StateError} `state/corrupt`, `state/io` */
async function openFile(path: string): Promise<SafetensorsFile> {
  try {
    return await SafetensorsFile.open(path);
  } catch (error) {
    throw error instanceof StateError ? error : unreadable(path, error);
  }
}

async function readJson(directory: string, name: string): Promise<unknown> {
  const path = join(directory, name);
  if (!await exists(path)) return undefined;
  const refuse = (found: string, required: string, cause?: unknown) =>
    new StateError("state/corrupt", `read ${path}: ${found}, ${required} is required`, { path }, cause);
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MAXIMUM_JSON_BYTES) throw refuse(`${size} bytes`, `at most ${MAXIMUM_JSON_BYTES}`);
    text = await readFile(path, "utf8");
  } catch (error) {
    throw error instanceof StateError ? error : unreadable(path, error);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refuse("no JSON", "JSON", cause);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    // ENOTDIR: what should be the directory is a file.
    if (["ENOENT", "ENOTDIR"].includes((error as { code?: string }).code ?? "")) return false;
    throw unreadable(path, error);
  }
}

const bad = (message: string) => new StateError("state/bad-checkpoint", message);

const unreadable = (path: string, cause: unknown) =>
  new StateError(
    "state/io",
    `read ${path}: the file system refused, a readable file is required, check the path and its permissions`,
    { path },
    cause,
  );

const absent = (directory: string, name: string) =>
  new StateError(
    "state/no-checkpoint",
    `open checkpoint ${directory}: no ${name} found, a directory as transformers' save_pretrained writes it is required`,
    { directory },
  );

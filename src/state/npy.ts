/**
 * NumPy's array file, version 1 (numpy.org, "A simple file format for NumPy arrays"): magic, length of the header u16, the
 * header as a Python dictionary padded to a multiple of 64 bytes, values row by row. Written piece by piece.
 */
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { assert } from "../base/assert.ts";
import { concatBytes, utf8 } from "../base/bytes.ts";
import { StateError } from "./errors.ts";

const ALIGNMENT_BYTES = 64;
/** Magic, version and the header's length. */
const PREFIX_BYTES = 10;

/** The bytes before the values of a little-endian f32 array. */
export function npyHead(shape: readonly number[]): Uint8Array<ArrayBuffer> {
  // Python writes a tuple of one with a comma.
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  const bytes = Math.ceil((PREFIX_BYTES + dictionary.length + 1) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  const headerBytes = bytes - PREFIX_BYTES;
  const prefix = Uint8Array.of(0x93, ...utf8("NUMPY"), 1, 0, headerBytes & 255, headerBytes >> 8);
  return concatBytes(prefix, utf8(dictionary.padEnd(headerBytes - 1) + "\n"));
}

/** An array of known shape whose values come in order. The file has its name only once it is whole. */
export class NpyWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  #missing: number;

  private constructor(path: string, file: FileHandle, elementCount: number) {
    this.#path = path;
    this.#file = file;
    this.#missing = elementCount;
  }

  /** @throws {StateError} `state/io` where no file can be written */
  static async create(path: string, shape: readonly number[]): Promise<NpyWriter> {
    const file = await writing(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      const isDirectory = await stat(path).then((found) => found.isDirectory(), () => false);
      if (isDirectory) throw refusal(path, "it is a directory");
      return await open(`${path}.tmp`, "w");
    });
    const writer = new NpyWriter(path, file, shape.reduce((product, size) => product * size, 1));
    await writer.#write(npyHead(shape));
    return writer;
  }

  /** @throws {StateError} `state/io` */
  async append(values: Float32Array<ArrayBuffer>): Promise<void> {
    this.#missing -= values.length;
    assert(this.#missing >= 0, `${this.#path}: more values than its shape holds`);
    await this.#write(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  /** Once all values are written. @throws {StateError} `state/io` */
  async finish(): Promise<void> {
    assert(this.#missing === 0, `${this.#path}: ${this.#missing} values are missing`);
    await writing(this.#path, async () => {
      await this.#file.close();
      await rename(`${this.#path}.tmp`, this.#path);
    });
  }

  /** At any time, after a `finish` that failed too. */
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => {}); // Closed already, or its values are lost anyway.
    await rm(`${this.#path}.tmp`, { force: true });
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) {
      const { bytesWritten } = await writing(
        this.#path,
        () => this.#file.write(bytes, at, bytes.byteLength - at),
      );
      at += bytesWritten;
    }
  }
}

/** Runs `action`; what the file system refuses of it names `path` and what to do. */
export async function writing<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof StateError ? error : refusal(path, "the file system refused", error);
  }
}

const refusal = (path: string, found: string, cause?: unknown) =>
  new StateError(
    "state/io",
    `write ${path}: ${found}, a file that can be written is required, choose another path or check space and permissions`,
    { path },
    cause,
  );

/** @throws {StateError} `state/io` */
export async function writeNpy(
  path: string,
  shape: readonly number[],
  values: Float32Array<ArrayBuffer>,
): Promise<void> {
  const writer = await NpyWriter.create(path, shape);
  try {
    await writer.append(values);
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/**
 * NumPy's array file, version 1 (numpy.org, "A simple file format for NumPy arrays"): magic, length of the header u16, the
 * header as a Python dictionary padded to a multiple of 64 bytes, values row by row. Written piece by piece.
 */
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { assert } from "../base/assert.ts";
import { concatBytes, utf8 } from "../base/bytes.ts";

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

  static async create(path: string, shape: readonly number[]): Promise<NpyWriter> {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(`${path}.tmp`, "w");
    const writer = new NpyWriter(path, file, shape.reduce((product, size) => product * size, 1));
    await writer.#write(npyHead(shape));
    return writer;
  }

  async append(values: Float32Array<ArrayBuffer>): Promise<void> {
    this.#missing -= values.length;
    assert(this.#missing >= 0, `${this.#path}: more values than its shape holds`);
    await this.#write(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  /** Once all values are written. */
  async finish(): Promise<void> {
    assert(this.#missing === 0, `${this.#path}: ${this.#missing} values are missing`);
    await this.#file.close();
    await rename(`${this.#path}.tmp`, this.#path);
  }

  async abandon(): Promise<void> {
    await this.#file.close();
    await rm(`${this.#path}.tmp`, { force: true });
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) {
      at += (await this.#file.write(bytes, at, bytes.byteLength - at)).bytesWritten;
    }
  }
}

export async function writeNpy(
  path: string,
  shape: readonly number[],
  values: Float32Array<ArrayBuffer>,
): Promise<void> {
  const writer = await NpyWriter.create(path, shape);
  await writer.append(values);
  await writer.finish();
}

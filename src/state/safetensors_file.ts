/**
 * Tensors of one safetensors file, read one at a time as f32, whatever float they are stored as; and such a file written.
 * Bytes pass through a buffer of a few megabytes, so a model costs its parameters' size once.
 */
import { type FileHandle, open, rename } from "node:fs/promises";
import { StateError } from "./errors.ts";
import {
  decodeHeader,
  decodeHeaderLength,
  type Dtype,
  elementCountOf,
  encodeHeader,
  LENGTH_BYTES,
  type StoredTensor,
} from "./safetensors_header.ts";

const PIECE_BYTES = 4 << 20;

/** How values that are no f32 become it. `bytes` holds as many elements as `into`. */
const WIDEN: { readonly [K in Dtype]?: (bytes: Uint8Array<ArrayBuffer>, into: Float32Array) => void } = {
  F16: (bytes, into) => into.set(new Float16Array(bytes.buffer, bytes.byteOffset, into.length)),
  F64: (bytes, into) => into.set(new Float64Array(bytes.buffer, bytes.byteOffset, into.length)),
  BF16(bytes, into) {
    const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, into.length);
    const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
    for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  },
};

export class SafetensorsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly #file: FileHandle;
  readonly #dataOffsetBytes: number;

  private constructor(
    path: string,
    file: FileHandle,
    tensors: ReadonlyMap<string, StoredTensor>,
    dataOffsetBytes: number,
  ) {
    this.path = path;
    this.tensors = tensors;
    this.#file = file;
    this.#dataOffsetBytes = dataOffsetBytes;
  }

  /** @throws {StateError} `state/corrupt`; file system errors as they come */
  static async open(path: string): Promise<SafetensorsFile> {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      const start = new Uint8Array(Math.min(size, LENGTH_BYTES));
      await readFully(file, start, 0);
      const headerBytes = decodeHeaderLength(start, size);
      const json = new Uint8Array(headerBytes);
      await readFully(file, json, LENGTH_BYTES);
      const dataOffsetBytes = LENGTH_BYTES + headerBytes;
      return new SafetensorsFile(path, file, decodeHeader(json, size - dataOffsetBytes), dataOffsetBytes);
    } catch (error) {
      await file.close();
      if (!(error instanceof StateError)) throw error;
      throw new StateError(error.code, `${error.message}, fetch ${path} again`, { path }, error.cause);
    }
  }

  /**
   * Fills `into` with the tensor's values, row by row.
   * @throws {StateError} `state/bad-checkpoint` where it is missing, of another size or no float; `state/corrupt`
   */
  async read(name: string, into: Float32Array<ArrayBuffer>): Promise<void> {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw this.#refuse(`no tensor ${name}`, "one of that name is");
    const { dtype, shape, offsetBytes } = tensor;
    const count = elementCountOf(shape);
    if (count !== into.length) {
      throw this.#refuse(`tensor ${name} of ${count} elements`, `${into.length} are`);
    }
    const at = this.#dataOffsetBytes + offsetBytes;
    if (dtype === "F32") {
      return await readFully(this.#file, new Uint8Array(into.buffer, into.byteOffset, into.byteLength), at);
    }
    const widen = WIDEN[dtype];
    if (widen === undefined) {
      throw this.#refuse(`tensor ${name} of ${dtype}`, "F32, F16, BF16 or F64 is");
    }
    await this.#readWidened(into, at, tensor.byteLength, widen);
  }

  async #readWidened(
    into: Float32Array<ArrayBuffer>,
    at: number,
    byteLength: number,
    widen: (bytes: Uint8Array<ArrayBuffer>, into: Float32Array) => void,
  ): Promise<void> {
    if (into.length === 0) return;
    const elementBytes = byteLength / into.length;
    const piece = new Uint8Array(Math.min(PIECE_BYTES, byteLength));
    for (let done = 0; done < byteLength; done += piece.byteLength) {
      const bytes = piece.subarray(0, Math.min(piece.byteLength, byteLength - done));
      await readFully(this.#file, bytes, at + done);
      const from = done / elementBytes;
      widen(bytes, into.subarray(from, from + bytes.byteLength / elementBytes));
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #refuse(found: string, required: string): StateError {
    return new StateError(
      "state/bad-checkpoint",
      `read ${this.path}: ${found} found, ${required} required`,
      { path: this.path },
    );
  }
}

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

/** Writes all tensors as F32, whole or not at all; an older file of the name is replaced. */
export async function writeSafetensors(
  path: string,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): Promise<void> {
  const { head } = encodeHeader(tensors.map((tensor) => ({ ...tensor, dtype: "F32" })), metadata);
  const file = await open(`${path}.tmp`, "w");
  try {
    await writeFully(file, head);
    for (const { values } of tensors) {
      await writeFully(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
}

async function readFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    const most = Math.min(PIECE_BYTES, bytes.byteLength - at);
    const { bytesRead } = await file.read(bytes, at, most, position + at);
    if (bytesRead === 0) {
      throw new StateError("state/corrupt", "read safetensors: the file ended early, it changed while read");
    }
    at += bytesRead;
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    const most = Math.min(PIECE_BYTES, bytes.byteLength - at);
    at += (await file.write(bytes, at, most)).bytesWritten;
  }
}

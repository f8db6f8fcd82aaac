/**
 * The head of a safetensors file (github.com/huggingface/safetensors, "Format"):
 *
 *   length of the JSON u64 · JSON {name: {dtype, shape, data_offsets: [begin, end]}, "__metadata__"?: {text: text}} · data
 *
 * Offsets count from the start of the data. Tensors must cover it without overlap or gap, so nothing hides in a file and
 * a name that is given twice is found out. Written by strangers: bounded and checked before anything is allocated by it.
 */
import { z } from "zod";
import { concatBytes, fromUtf8, utf8 } from "../base/bytes.ts";
import { StateError } from "./errors.ts";

/** Bytes of an element. */
const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const;

export type Dtype = keyof typeof DTYPE_BYTES;

export interface StoredTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** First byte, from the start of the data. */
  readonly offsetBytes: number;
  readonly byteLength: number;
}

export const LENGTH_BYTES = 8;
export const MAXIMUM_HEADER_BYTES = 64 << 20;
const MAXIMUM_DIMENSIONS = 16;
const ALIGNMENT_BYTES = 8;

const size = z.number().int().nonnegative();
const tensorShape = z.strictObject({
  dtype: z.enum(Object.keys(DTYPE_BYTES) as [Dtype, ...Dtype[]]),
  // Not `max`: zod compares the length of what is no array, too, and one that is no number throws.
  shape: z.array(size).refine((shape) => shape.length <= MAXIMUM_DIMENSIONS),
  data_offsets: z.tuple([size, size]),
});
const metadataShape = z.record(z.string(), z.string());

const corrupt = (found: string, required: string, cause?: unknown) =>
  new StateError("state/corrupt", `read safetensors: ${found}, ${required} required`, {}, cause);

/**
 * The length of the JSON that follows the first eight bytes of a file of `fileBytes`.
 * @throws {StateError} `state/corrupt`
 */
export function decodeHeaderLength(start: Uint8Array, fileBytes: number): number {
  if (start.byteLength < LENGTH_BYTES) {
    throw corrupt(`a file of ${fileBytes} bytes`, `at least ${LENGTH_BYTES} bytes`);
  }
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  const most = Math.min(MAXIMUM_HEADER_BYTES, fileBytes - LENGTH_BYTES);
  if (length > BigInt(most)) {
    throw corrupt(`a header of ${length} bytes`, `at most ${most}, inside the file,`);
  }
  return Number(length);
}

/**
 * @param json as long as `decodeHeaderLength` says
 * @param dataBytes what follows it in the file
 * @throws {StateError} `state/corrupt`
 */
export function decodeHeader(json: Uint8Array, dataBytes: number): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of Object.entries(parseObject(json))) {
    if (name === "__metadata__") {
      if (!metadataShape.safeParse(value).success) {
        throw corrupt("__metadata__ that is no map", "text by text");
      }
      continue;
    }
    const parsed = tensorShape.safeParse(value);
    if (!parsed.success) {
      throw corrupt(`a malformed tensor ${quote(name)}`, "dtype, shape and data_offsets", parsed.error);
    }
    const { dtype, shape, data_offsets: [begin, end] } = parsed.data;
    const byteLength = elementCountOf(shape) * DTYPE_BYTES[dtype];
    if (end - begin !== byteLength) {
      throw corrupt(
        `tensor ${quote(name)} from byte ${begin} to ${end}`,
        `${byteLength} bytes for ${dtype} [${shape}]`,
      );
    }
    tensors.set(name, { dtype, shape, offsetBytes: begin, byteLength });
  }
  checkCover(tensors, dataBytes);
  return tensors;
}

/**
 * The bytes before the data of a file that holds the tensors in this order, one after another.
 * @returns head and the length of the data
 */
export function encodeHeader(
  tensors: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: Dtype }[],
  metadata: Readonly<Record<string, string>>,
): { head: Uint8Array<ArrayBuffer>; dataBytes: number } {
  const table: Record<string, unknown> = { __metadata__: metadata };
  let dataBytes = 0;
  for (const { name, shape, dtype } of tensors) {
    const end = dataBytes + elementCountOf(shape) * DTYPE_BYTES[dtype];
    table[name] = { dtype, shape, data_offsets: [dataBytes, end] };
    dataBytes = end;
  }
  const json = utf8(JSON.stringify(table));
  const padded = new Uint8Array(Math.ceil(json.byteLength / ALIGNMENT_BYTES) * ALIGNMENT_BYTES).fill(0x20);
  padded.set(json);
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.byteLength), true);
  return { head: concatBytes(length, padded), dataBytes };
}

export function elementCountOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function parseObject(json: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(json));
  } catch (cause) {
    throw corrupt("a header that is no JSON", "an object of tensors", cause);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw corrupt("a header of another kind", "an object of tensors");
  }
  return value as Record<string, unknown>;
}

function checkCover(tensors: ReadonlyMap<string, StoredTensor>, dataBytes: number): void {
  const inOrder = [...tensors].sort(([, a], [, b]) =>
    a.offsetBytes - b.offsetBytes || a.byteLength - b.byteLength
  );
  let end = 0;
  for (const [name, { offsetBytes, byteLength }] of inOrder) {
    if (offsetBytes !== end) {
      const what = offsetBytes < end ? "overlaps the one before it" : "leaves a gap before it";
      throw corrupt(`tensor ${quote(name)} at byte ${offsetBytes} ${what}`, `byte ${end}`);
    }
    end = offsetBytes + byteLength;
  }
  if (end !== dataBytes) throw corrupt(`${dataBytes} bytes of data`, `${end} by the header`);
}

/** For messages: names come from strangers. */
const quote = (name: string) => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);

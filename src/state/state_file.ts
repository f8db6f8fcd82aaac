/**
 * A state as a file:
 *
 *   "SKEINST1" · header length u32 · header CBOR {runId, outerStep, elementCount, certificate}
 *   · parameters f32[n] · momentum f32[n] · SHA-256 of all before it
 *
 * All little-endian.
 */
import { decode, encode } from "cborg";
import { z } from "zod";
import { concatBytes, fromUtf8, utf8 } from "../base/bytes.ts";
import { StateError } from "./errors.ts";
import { bytesOf, MAXIMUM_ELEMENTS, type ModelState } from "./model_state.ts";
import { SEAL_BYTES, SealedReader, writeSealed } from "./sealed_file.ts";

const MAGIC = "SKEINST1";
const PREFIX_BYTES = 12;
const MAXIMUM_HEADER_BYTES = 16 << 20;

const headerShape = z.object({
  runId: z.string().regex(/^[0-9a-f]{64}$/),
  outerStep: z.number().int().nonnegative(),
  elementCount: z.number().int().nonnegative().max(MAXIMUM_ELEMENTS),
  certificate: z.unknown(),
});

/** Has the whole file on the disk before it returns. The path must not exist. */
export async function writeStateFile(path: string, state: ModelState): Promise<void> {
  const header = encode({
    runId: state.runId,
    outerStep: state.outerStep,
    elementCount: state.parameters.length,
    certificate: state.certificate ?? null,
  });
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.byteLength, true);
  const start = concatBytes(utf8(MAGIC), length, header);
  await writeSealed(path, "wx", [start, bytesOf(state.parameters), bytesOf(state.momentum)]);
}

/** @throws {StateError} `state/corrupt`; file system errors as they come */
export async function readStateFile(path: string): Promise<ModelState> {
  const corrupt = (found: string, required: string, cause?: unknown) =>
    new StateError("state/corrupt", `read state ${path}: ${found}, ${required} required`, { path }, cause);
  const file = await SealedReader.open(path);
  const { size } = file;
  try {
    const read = async (bytes: Uint8Array<ArrayBuffer>) => {
      if (!await file.fill(bytes)) throw corrupt(`an end after ${size} bytes`, "a whole file");
      return bytes;
    };
    const prefix = await read(new Uint8Array(PREFIX_BYTES));
    if (fromUtf8(prefix.subarray(0, 8)) !== MAGIC) throw corrupt("another format", MAGIC);
    const headerBytes = new DataView(prefix.buffer).getUint32(8, true);
    if (headerBytes > Math.min(MAXIMUM_HEADER_BYTES, size)) {
      throw corrupt(`a header of ${headerBytes} bytes`, `at most ${MAXIMUM_HEADER_BYTES}, inside the file,`);
    }
    const header = parseHeader(await read(new Uint8Array(headerBytes)), corrupt);
    const required = PREFIX_BYTES + headerBytes + 8 * header.elementCount + SEAL_BYTES;
    if (size !== required) throw corrupt(`${size} bytes`, `${required}`);
    const parameters = new Float32Array(header.elementCount);
    const momentum = new Float32Array(header.elementCount);
    await read(bytesOf(parameters));
    await read(bytesOf(momentum));
    if (!await file.isSealed()) throw corrupt("another digest than its content's", "the same");
    const { runId, outerStep, certificate } = header;
    return { runId, outerStep, parameters, momentum, certificate };
  } finally {
    await file.close();
  }
}

function parseHeader(
  bytes: Uint8Array,
  corrupt: (found: string, required: string, cause?: unknown) => StateError,
): z.infer<typeof headerShape> {
  try {
    return headerShape.parse(decode(bytes));
  } catch (cause) {
    throw corrupt("a malformed header", "runId, outerStep, elementCount and certificate", cause);
  }
}

/**
 * A state as a file:
 *
 *   "SKEINST1" · header length u32 · header CBOR {runId, outerStep, elementCount, certificate}
 *   · parameters f32[n] · momentum f32[n] · SHA-256 of all before it
 *
 * All little-endian. The digest tells a torn or altered file from a whole one; it says nothing about who wrote it.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { decode, encode } from "cborg";
import { z } from "zod";
import { concatBytes, equalBytes, fromUtf8, utf8 } from "../base/bytes.ts";
import { StateError } from "./errors.ts";
import { bytesOf, MAXIMUM_ELEMENTS, type ModelState } from "./model_state.ts";

const MAGIC = "SKEINST1";
const PREFIX_BYTES = 12;
const DIGEST_BYTES = 32;
const MAXIMUM_HEADER_BYTES = 16 << 20;
const PIECE_BYTES = 8 << 20;

const headerShape = z.object({
  runId: z.string().regex(/^[0-9a-f]{64}$/),
  outerStep: z.number().int().nonnegative(),
  elementCount: z.number().int().nonnegative().max(MAXIMUM_ELEMENTS),
  certificate: z.unknown(),
});

/** Writes the whole file and has it on the disk before it returns. The path must not exist. */
export async function writeStateFile(path: string, state: ModelState): Promise<void> {
  const header = encode({
    runId: state.runId,
    outerStep: state.outerStep,
    elementCount: state.parameters.length,
    certificate: state.certificate ?? null,
  });
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.byteLength, true);
  const hash = createHash("sha256");
  const file = await open(path, "wx");
  try {
    for (
      const part of [
        concatBytes(utf8(MAGIC), length, header),
        bytesOf(state.parameters),
        bytesOf(state.momentum),
      ]
    ) {
      for (let at = 0; at < part.byteLength; at += PIECE_BYTES) {
        const piece = part.subarray(at, at + PIECE_BYTES);
        hash.update(piece);
        await writeFully(file, piece);
      }
    }
    await writeFully(file, hash.digest());
    await file.sync();
  } finally {
    await file.close();
  }
}

/** @throws {StateError} `state/corrupt`; file system errors as they come */
export async function readStateFile(path: string): Promise<ModelState> {
  const corrupt = (found: string, required: string, cause?: unknown) =>
    new StateError("state/corrupt", `read state ${path}: ${found}, ${required} required`, { path }, cause);
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const hash = createHash("sha256");
    const read = async (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) {
        const piece = bytes.subarray(at, at + PIECE_BYTES);
        if (!(await readFully(file, piece))) throw corrupt(`an end after ${size} bytes`, "a whole file");
      }
      return bytes;
    };
    const hashed = async (bytes: Uint8Array) => {
      hash.update(await read(bytes));
      return bytes;
    };
    const prefix = await hashed(new Uint8Array(PREFIX_BYTES));
    if (fromUtf8(prefix.subarray(0, 8)) !== MAGIC) throw corrupt("another format", MAGIC);
    const headerBytes = new DataView(prefix.buffer).getUint32(8, true);
    if (headerBytes > Math.min(MAXIMUM_HEADER_BYTES, size)) {
      throw corrupt(`a header of ${headerBytes} bytes`, `at most ${MAXIMUM_HEADER_BYTES}, inside the file,`);
    }
    const header = parseHeader(await hashed(new Uint8Array(headerBytes)), corrupt);
    const required = PREFIX_BYTES + headerBytes + 8 * header.elementCount + DIGEST_BYTES;
    if (size !== required) throw corrupt(`${size} bytes`, `${required}`);
    const parameters = new Float32Array(header.elementCount);
    const momentum = new Float32Array(header.elementCount);
    await hashed(bytesOf(parameters));
    await hashed(bytesOf(momentum));
    const digest = await read(new Uint8Array(DIGEST_BYTES));
    if (!equalBytes(digest, hash.digest())) throw corrupt("another digest than its content's", "the same");
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

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    at += (await file.write(bytes, at, bytes.byteLength - at)).bytesWritten;
  }
}

/** @returns false when the file ends first */
async function readFully(file: FileHandle, bytes: Uint8Array): Promise<boolean> {
  for (let at = 0; at < bytes.byteLength;) {
    const { bytesRead } = await file.read(bytes, at, bytes.byteLength - at);
    if (bytesRead === 0) return false;
    at += bytesRead;
  }
  return true;
}

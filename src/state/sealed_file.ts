/**
 * Files that end in the SHA-256 of all before it, which tells a torn or altered file from a whole one; it says nothing
 * about who wrote it. Written from and read into the arrays that hold the values, and hashed on the way, a piece at a time:
 * half a gigabyte costs no second one.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { equalBytes } from "../base/bytes.ts";

export const SEAL_BYTES = 32;
const PIECE_BYTES = 8 << 20;

/**
 * On the disk when it resolves.
 * @param flags `wx`: the path must not exist
 */
export async function writeSealed(
  path: string,
  flags: "w" | "wx",
  parts: readonly Uint8Array[],
): Promise<void> {
  const hash = createHash("sha256");
  const file = await open(path, flags, 0o600);
  try {
    for (const part of parts) {
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

/** Reads such a file from front to back. */
export class SealedReader {
  /** With its seal. */
  readonly size: number;
  readonly #file: FileHandle;
  readonly #hash = createHash("sha256");

  private constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.size = size;
  }

  /** @throws file system errors as they come */
  static async open(path: string): Promise<SealedReader> {
    const file = await open(path, "r");
    try {
      return new SealedReader(file, (await file.stat()).size);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Fills `bytes` with what comes next. @returns false when the file ends first */
  async fill(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      if (!await readFully(this.#file, piece)) return false;
      this.#hash.update(piece);
    }
    return true;
  }

  /** Does the digest of all that was read come next? The last call. */
  async isSealed(): Promise<boolean> {
    const seal = new Uint8Array(SEAL_BYTES);
    return await readFully(this.#file, seal) && equalBytes(seal, this.#hash.digest());
  }

  close(): Promise<void> {
    return this.#file.close();
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

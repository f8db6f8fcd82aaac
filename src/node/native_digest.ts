import { createHash } from "node:crypto";

/**
 * SHA-256 of chunks, for `AllReduceDeps.digest`: at once and uncopied, 70 µs for 128 KiB, where the web's digest takes 115 on
 * another thread. With a process on each core that is the dearer one.
 */
export async function nativeDigest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return createHash("sha256").update(bytes).digest();
}

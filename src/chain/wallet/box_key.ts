/**
 * The key of a `$NACL` file's box: Argon2i 1.3 of the password, 8 passes over 512 MiB, one lane, a salt that is the same for everybody.
 * It takes seconds; a worker computes it, so that this thread goes on to hear Ctrl-C and, in a node, its peers, and the memory is
 * given back with the worker. Where none can be started it is computed here.
 */
import { argon2i } from "hash-wasm";
import { fromHex, utf8 } from "../../base/bytes.ts";
import { chainError } from "../errors.ts";

const KEY_BYTES = 32;
const ARGON2_PASSES = 8;
const ARGON2_MEMORY_KIB = 512 * 1024;
const ARGON2_SALT = fromHex("137183dff15a09bc9c90b5518739e9b1");

/** What the worker answers to a password. */
export type BoxKeyAnswer = { readonly key: Uint8Array } | { readonly failure: string };

/** @returns 32 bytes, after seconds @throws {SkeinError} `chain/key-memory` */
export async function boxKeyOf(password: string): Promise<Uint8Array> {
  const answer = await askWorker(password) ?? await computeBoxKey(password);
  if ("key" in answer) return answer.key;
  throw chainError(
    "chain/key-memory",
    `derive a key from the password: it failed (${answer.failure}), ${
      ARGON2_MEMORY_KIB / 1024
    } MiB of free memory are required, free some`,
  );
}

/** On this thread, which does nothing else meanwhile. */
export async function computeBoxKey(password: string): Promise<BoxKeyAnswer> {
  try {
    const key = await argon2i({
      password: utf8(password),
      salt: ARGON2_SALT,
      iterations: ARGON2_PASSES,
      memorySize: ARGON2_MEMORY_KIB,
      parallelism: 1,
      hashLength: KEY_BYTES,
      outputType: "binary",
    });
    return { key };
  } catch (error) {
    return { failure: (error as Error).message };
  }
}

/** @returns undefined when there is no worker to be had */
async function askWorker(password: string): Promise<BoxKeyAnswer | undefined> {
  let worker: Worker;
  try {
    // A bundle has the worker beside its chunks under this very name: see scripts/bundle_program.ts.
    worker = new Worker(new URL("./box_key_worker.ts", import.meta.url), { type: "module" });
  } catch {
    return undefined;
  }
  try {
    return await new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        resolve(undefined);
      };
      worker.postMessage(password);
    });
  } finally {
    worker.terminate();
  }
}

/**
 * The residual of error feedback as a file of the run's home:
 *
 *   "SKEINRE1" · root of the state it belongs to, 32 bytes · residual f32[n] · SHA-256 of all before it
 *
 * Written whole or not at all: to a temporary file that is synced and renamed over its target.
 */
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { concatBytes, equalBytes, fromHex, fromUtf8, sha256Bulk, toHex, utf8 } from "../base/bytes.ts";
import { SkeinError } from "../base/errors.ts";

const MAGIC = "SKEINRE1";
const HEADER_BYTES = 40;
const DIGEST_BYTES = 32;
const NAME = "residual.bin";

/** @throws {SkeinError} `node/residual-io` */
export async function writeResidual(
  directory: string,
  { root, values }: { root: string; values: Float32Array },
): Promise<void> {
  const body = concatBytes(
    utf8(MAGIC),
    fromHex(root),
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
  const path = join(directory, NAME);
  try {
    const file = await open(`${path}.tmp`, "w", 0o600);
    try {
      await file.writeFile(body);
      await file.writeFile(await sha256Bulk(body));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.tmp`, path);
  } catch (cause) {
    throw new SkeinError(
      "node/residual-io",
      `write ${path}: the file system refused, check space and permissions`,
      { path },
      cause,
    );
  }
}

/**
 * @returns undefined when none was ever written
 * @throws {SkeinError} `node/residual-damaged`, `node/residual-stale`, `node/residual-io`
 */
export async function readResidual(
  directory: string,
  want: { root: string; elementCount: number },
): Promise<Float32Array<ArrayBuffer> | undefined> {
  const path = join(directory, NAME);
  let whole: Uint8Array<ArrayBuffer>;
  try {
    whole = new Uint8Array(await readFile(path));
  } catch (cause) {
    if ((cause as { code?: string }).code === "ENOENT") return undefined;
    throw new SkeinError(
      "node/residual-io",
      `read ${path}: the file system refused, check it`,
      { path },
      cause,
    );
  }
  const bodyBytes = HEADER_BYTES + 4 * want.elementCount;
  const isWhole = whole.byteLength === bodyBytes + DIGEST_BYTES &&
    fromUtf8(whole.subarray(0, MAGIC.length)) === MAGIC &&
    equalBytes(await sha256Bulk(whole.slice(0, bodyBytes)), whole.subarray(bodyBytes));
  if (!isWhole) {
    throw new SkeinError(
      "node/residual-damaged",
      `read ${path}: ${whole.byteLength} bytes that are not what was written, ` +
        `${bodyBytes + DIGEST_BYTES} with their digest required`,
      { path },
    );
  }
  const root = toHex(whole.subarray(MAGIC.length, HEADER_BYTES));
  if (root !== want.root) {
    throw new SkeinError(
      "node/residual-stale",
      `read ${path}: it belongs to state ${root.slice(0, 12)}, ours is ${want.root.slice(0, 12)}`,
      { path },
    );
  }
  return new Float32Array(whole.slice(HEADER_BYTES, bodyBytes).buffer);
}

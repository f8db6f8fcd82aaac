/**
 * The residual of error feedback as a file of the run's home:
 *
 *   "SKEINRE1" · root of the state it belongs to, 32 bytes · residual f32[n] · SHA-256 of all before it
 *
 * Written whole or not at all: to a temporary file that is synced and renamed over its target.
 */
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { concatBytes, fromHex, fromUtf8, toHex, utf8 } from "../base/bytes.ts";
import { SkeinError } from "../base/errors.ts";
import { bytesOf } from "../state/model_state.ts";
import { SEAL_BYTES, SealedReader, writeSealed } from "../state/sealed_file.ts";

const MAGIC = "SKEINRE1";
const HEADER_BYTES = 40;
const NAME = "residual.bin";

/** @throws {SkeinError} `node/residual-io` */
export async function writeResidual(
  directory: string,
  { root, values }: { root: string; values: Float32Array<ArrayBuffer> },
): Promise<void> {
  const path = join(directory, NAME);
  try {
    await writeSealed(`${path}.tmp`, "w", [concatBytes(utf8(MAGIC), fromHex(root)), bytesOf(values)]);
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
  let found: Awaited<ReturnType<typeof readWhole>>;
  try {
    found = await readWhole(path, want.elementCount);
  } catch (cause) {
    if ((cause as { code?: string }).code === "ENOENT") return undefined;
    throw new SkeinError(
      "node/residual-io",
      `read ${path}: the file system refused, check it`,
      { path },
      cause,
    );
  }
  const { size, root, values } = found;
  if (values === undefined) {
    throw new SkeinError(
      "node/residual-damaged",
      `read ${path}: ${size} bytes that are not what was written, ` +
        `${fileBytes(want.elementCount)} with their digest required`,
      { path },
    );
  }
  if (root !== want.root) {
    throw new SkeinError(
      "node/residual-stale",
      `read ${path}: it belongs to state ${root.slice(0, 12)}, ours is ${want.root.slice(0, 12)}`,
      { path },
    );
  }
  return values;
}

const fileBytes = (elementCount: number) => HEADER_BYTES + 4 * elementCount + SEAL_BYTES;

/** No values: damaged. */
async function readWhole(
  path: string,
  elementCount: number,
): Promise<{ size: number; root: string; values?: Float32Array<ArrayBuffer> }> {
  const file = await SealedReader.open(path);
  const { size } = file;
  try {
    const header = new Uint8Array(HEADER_BYTES);
    const isOurs = size === fileBytes(elementCount) && await file.fill(header) &&
      fromUtf8(header.subarray(0, MAGIC.length)) === MAGIC;
    const root = toHex(header.subarray(MAGIC.length));
    if (!isOurs) return { size, root };
    const values = new Float32Array(elementCount);
    const isWhole = await file.fill(bytesOf(values)) && await file.isSealed();
    return { size, root, values: isWhole ? values : undefined };
  } finally {
    await file.close();
  }
}

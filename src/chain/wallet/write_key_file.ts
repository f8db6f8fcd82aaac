/**
 * Key files are written whole or not at all, readable by their owner alone, and never over another: the bytes go to a file
 * beside, reach the disk, and get the name by a link, which fails when the name is taken.
 */
import { link, mkdir, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { toHex } from "../../base/bytes.ts";
import { secureRandomBytes } from "../../base/random.ts";
import { chainError } from "../errors.ts";

/** @throws {SkeinError} `chain/key-exists` */
export async function writeKeyFile(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${dirname(path)}/.${toHex(secureRandomBytes(8))}.draft`;
  await writeExclusive(draft, content);
  try {
    await link(draft, path);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "EEXIST") throw taken(path);
    // A file system without links (a memory stick's): exclusive creation is the next best.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "ENOSYS") throw error;
    await writeExclusive(path, content);
  } finally {
    await rm(draft, { force: true });
  }
  await syncDirectory(dirname(path));
}

async function writeExclusive(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, "wx", 0o600).catch((error) => {
    throw (error as { code?: string }).code === "EEXIST" ? taken(path) : error;
  });
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** A name is on the disk only once its directory is. Not every file system can be asked for that. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r").catch(() => undefined);
  await directory?.sync().catch(() => {});
  await directory?.close();
}

function taken(path: string): Error {
  return chainError(
    "chain/key-exists",
    `write key ${path}: a file is there already, keys are never overwritten, move it away first`,
    { path },
  );
}

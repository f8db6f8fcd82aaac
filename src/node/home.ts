/**
 * Where a node keeps its keys, state and logs. Layout under the data directory:
 *
 *   local/chain/            the local chain's store
 *   local/miner-1/ …        a node's home: wallet, libp2p identity, states by run; one process at a time
 *   swarms/<name>/          one `skein up`: chain and all its nodes
 *
 * A home is held by a locked file with the holder's process id in it; the lock of a process that has gone is free.
 */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { utf8 } from "../base/bytes.ts";
import { SkeinError } from "../base/errors.ts";

/** `SKEIN_HOME`, else `$XDG_DATA_HOME/skein`, else `~/.local/share/skein`, else `.skein` here. */
export function dataDirectory(environment: Record<string, string | undefined> = process.env): string {
  if (environment.SKEIN_HOME) return environment.SKEIN_HOME;
  if (environment.XDG_DATA_HOME) return join(environment.XDG_DATA_HOME, "skein");
  if (environment.HOME) return join(environment.HOME, ".local", "share", "skein");
  return ".skein";
}

export interface HeldHome {
  readonly path: string;
  release(): Promise<void>;
}

/**
 * Creates the directory when needed and locks it.
 * @throws {SkeinError} `node/home-in-use` with the holder's pid
 */
export async function holdHome(path: string): Promise<HeldHome> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  // The system's own lock, which ends with the process however that ends: a number in a file may be another's by then.
  const file = await Deno.open(join(path, "lock"), { create: true, read: true, write: true, mode: 0o600 });
  if (!await file.tryLock(true)) {
    file.close();
    const holderPid = Number(await readFile(join(path, "lock"), "utf8"));
    throw new SkeinError(
      "node/home-in-use",
      `hold home directory ${path}: process ${holderPid} holds it, one process is allowed, ` +
        `stop it or pass another --home`,
      { path, holderPid },
    );
  }
  await file.truncate();
  await file.write(utf8(String(process.pid)));
  return { path, release: () => Promise.resolve(file.close()) };
}

/** The first free `<role>-N` under `parent`: what a node without `--home` uses. */
export async function holdFreeHome(parent: string, role: string): Promise<HeldHome> {
  for (let slot = 1;; slot++) {
    try {
      return await holdHome(join(parent, `${role}-${slot}`));
    } catch (error) {
      if (!(error instanceof SkeinError) || error.code !== "node/home-in-use") throw error;
    }
  }
}

/** A new numbered directory under `parent`, one above the highest there: `1`, `2`, … */
export async function newNumberedDirectory(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  for (;;) {
    const taken = (await readdir(parent)).map(Number).filter(Number.isInteger);
    const path = join(parent, String(Math.max(0, ...taken) + 1));
    try {
      await mkdir(path, { mode: 0o700 });
      return path;
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
    }
  }
}

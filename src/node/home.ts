/**
 * Where a node keeps its keys, state and logs. Layout under the data directory:
 *
 *   local/chain/            the local chain's store
 *   local/miner-1/ …        a node's home: wallet, libp2p identity, states by run; one process at a time
 *   swarms/<name>/          one `skein up`: chain and all its nodes
 *
 * A home is held by a lock file with the holder's process id; a lock whose process has gone is taken over.
 */
import { mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
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
  const lockPath = join(path, "lock");
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const file = await open(lockPath, "wx", 0o600);
      await file.writeFile(String(process.pid));
      await file.close();
      return { path, release: () => rm(lockPath, { force: true }) };
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
      const holderPid = Number(await readFile(lockPath, "utf8").catch(() => ""));
      if (isAlive(holderPid)) {
        throw new SkeinError(
          "node/home-in-use",
          `hold home directory ${path}: process ${holderPid} holds it, one process is allowed, ` +
            `stop it or pass another --home`,
          { path, holderPid },
        );
      }
      await rm(lockPath, { force: true });
    }
  }
  throw new SkeinError(
    "node/home-in-use",
    `hold home directory ${path}: its lock keeps coming back, remove it`,
    { path },
  );
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

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

/**
 * Weights that were committed by hash and wait for their reveal, on disk: without this file they are lost. Written whole or not
 * at all, and on the disk before the commit is sent. One process at a time: the directory is a held home.
 */
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { SkeinError } from "../base/errors.ts";
import type { CommitStore, PendingReveal } from "../chain/weight_commits.ts";

const u16s = z.array(z.number().int().min(0).max(65535)).max(65536);
const pendingReveals = z.array(
  z.object({
    genesisHash: z.string().regex(/^0x[0-9a-f]{64}$/),
    netuid: z.number().int().min(0).max(65535),
    hotkey: z.string().min(1).max(64),
    uids: u16s,
    values: u16s,
    salt: u16s,
    versionKey: z.string().regex(/^[0-9]{1,20}$/),
    commitBlock: z.number().int().nonnegative(),
  }).refine(({ uids, values }) => uids.length === values.length),
).max(65536);

export class CommitFile implements CommitStore {
  readonly path: string;
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.path = join(directory, "weight-commits.json");
  }

  /** @throws {SkeinError} `node/commits-damaged`: a guess would lose weights in silence */
  async load(): Promise<PendingReveal[]> {
    let text: string;
    try {
      text = await readFile(this.path, "utf8");
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return [];
      throw this.#damaged("it cannot be read", error);
    }
    try {
      return pendingReveals.parse(JSON.parse(text));
    } catch (error) {
      throw this.#damaged(
        "its content is no list of commits",
        error instanceof SyntaxError ? error : undefined,
      );
    }
  }

  /** Durable when it resolves. */
  async save(pending: readonly PendingReveal[]): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const draft = `${this.path}.tmp`;
    const file = await open(draft, "w", 0o600);
    try {
      await file.writeFile(JSON.stringify(pending));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.path);
    // The new name is on the disk once the directory is; not every file system can be asked for that.
    const directory = await open(this.#directory, "r").catch(() => undefined);
    await directory?.sync().catch(() => {});
    await directory?.close();
  }

  #damaged(found: string, cause?: unknown): SkeinError {
    return new SkeinError(
      "node/commits-damaged",
      `read ${this.path}: ${found}, the weights that were committed and wait for their reveal are required, restore the file, ` +
        `or remove it and do without those weights`,
      { path: this.path },
      cause,
    );
  }
}

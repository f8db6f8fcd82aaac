/**
 * The round lock on disk: what this member promised and voted for, so that a crash cannot make it vote twice. Written
 * synchronously, because the messages that depend on it leave right after; whole or not at all by rename.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RoundLock } from "../allreduce/allreduce.ts";
import { sha256Sync, toHex, utf8 } from "../base/bytes.ts";
import { SkeinError } from "../base/errors.ts";

export class RoundLockFile {
  readonly #path: string;

  constructor(directory: string) {
    this.#path = join(directory, "round-lock.json");
  }

  /** Durable when it returns. */
  save(lock: RoundLock): void {
    const text = JSON.stringify(lock);
    const whole = utf8(`${toHex(sha256Sync(utf8(text)))}\n${text}\n`);
    const temporary = `${this.#path}.tmp`;
    const file = openSync(temporary, "w", 0o600);
    try {
      for (let at = 0; at < whole.byteLength;) at += writeSync(file, whole, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.#path);
    const directory = openSync(dirname(this.#path), "r");
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }

  /** @throws {SkeinError} `node/lock-damaged`: guessing here could split the run */
  load(): RoundLock | undefined {
    let whole: string;
    try {
      whole = readFileSync(this.#path, "utf8");
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return undefined;
      throw error;
    }
    const [digest, text = ""] = whole.split("\n");
    if (toHex(sha256Sync(utf8(text))) !== digest) {
      throw this.#damaged("another digest than its content's, the same");
    }
    try {
      return JSON.parse(text) as RoundLock;
    } catch (cause) {
      throw this.#damaged("content that is not JSON, a lock", cause);
    }
  }

  clear(): void {
    rmSync(this.#path, { force: true });
  }

  #damaged(found: string, cause?: unknown): SkeinError {
    return new SkeinError(
      "node/lock-damaged",
      `read ${this.#path}: ${found} required, remove it once the round that this node was in is over`,
      { path: this.#path },
      cause,
    );
  }
}

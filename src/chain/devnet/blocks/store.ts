/**
 * The chain on disk: one SQLite file, one transaction a block, so that a kill at any moment leaves whole blocks. Kept
 * are the present state, the last blocks, and for the newest of them what each replaced in the state (`undo`), from
 * which the state at those blocks is had. One process at a time.
 */
import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { devnetError } from "../errors.ts";
import { decodeValue, encodeValue } from "../../scale/scale_type.ts";
import { type Block, bodyType, type Changes, headerType } from "./block.ts";

/** Mortal transactions are born in one of these at the earliest. */
export const KEPT_BLOCKS = 4096;
export const KEPT_STATES = 256;
const FORMAT = 1;
/** Deno's SQLite errors carry no number, only SQLite's own words. */
const IS_LOCKED = /database is locked/;
const IS_DAMAGED = /malformed|not a database|corrupt/;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS blocks (
    number INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, header BLOB NOT NULL, body BLOB NOT NULL
  );
  CREATE TABLE IF NOT EXISTS undo (
    number INTEGER, key TEXT, value BLOB, PRIMARY KEY (number, key)
  ) WITHOUT ROWID;
`;

const STORE_FILE = "chain.sqlite";

/** The chain that is kept there; nothing else of the directory. No process may have it open. */
export async function removeStore(directory: string): Promise<void> {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) {
    await rm(join(directory, STORE_FILE + suffix), { force: true });
  }
}

type Row = { hash: string; header: Uint8Array; body: Uint8Array };

export class BlockStore {
  readonly path: string;
  readonly #db: DatabaseSync;

  /** @throws {SkeinError} `devnet/store-in-use`, `devnet/store-damaged`, `devnet/store-io` */
  constructor(directory: string) {
    this.path = join(directory, STORE_FILE);
    let db: DatabaseSync | undefined;
    try {
      mkdirSync(directory, { recursive: true });
      db = new DatabaseSync(this.path);
      db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
      const fresh = this.#checkFormat(db);
      if (!fresh) this.#checkPages(db);
      db.exec(SCHEMA);
    } catch (error) {
      db?.close();
      throw this.#typed(error);
    }
    this.#db = db;
  }

  close(): void {
    this.#db.close();
  }

  /** One durable step: all of it or none. @param undo what `changes` replaced */
  append(block: Block, changes: Changes, undo: Changes): void {
    const { number } = block.header;
    this.#attempt(() => {
      this.#db.exec("BEGIN IMMEDIATE");
      try {
        this.#put("INSERT INTO blocks VALUES (?, ?, ?, ?)", [
          number,
          block.hash,
          encodeValue(headerType, block.header),
          encodeValue(bodyType, [...block.body]),
        ]);
        for (const [key, value] of changes) {
          if (value) this.#put("INSERT OR REPLACE INTO state VALUES (?, ?)", [key, value]);
          else this.#put("DELETE FROM state WHERE key = ?", [key]);
        }
        for (const [key, value] of undo) {
          this.#put("INSERT INTO undo VALUES (?, ?, ?)", [number, key, value ?? null]);
        }
        this.#put("DELETE FROM undo WHERE number <= ?", [number - KEPT_STATES]);
        this.#put("DELETE FROM blocks WHERE number > 0 AND number <= ?", [number - KEPT_BLOCKS]);
        this.#db.exec("COMMIT");
      } catch (error) {
        this.#db.exec("ROLLBACK");
        throw error;
      }
    });
  }

  blockAt(number: number): Block | undefined {
    return this.#block("SELECT hash, header, body FROM blocks WHERE number = ?", number);
  }

  blockOf(hash: string): Block | undefined {
    return this.#block("SELECT hash, header, body FROM blocks WHERE hash = ?", hash);
  }

  hashAt(number: number): string | undefined {
    const row = this.#get("SELECT hash FROM blocks WHERE number = ?", number) as Row | undefined;
    return row?.hash;
  }

  headNumber(): number | undefined {
    const row = this.#get("SELECT max(number) AS number FROM blocks") as { number: number | null };
    return row.number ?? undefined;
  }

  state(): Map<string, Uint8Array> {
    return this.#attempt(() => {
      const rows = this.#db.prepare("SELECT key, value FROM state").all();
      return new Map(rows.map((row) => [row.key as string, row.value as Uint8Array]));
    });
  }

  /** Block number → what it replaced. */
  undo(): Map<number, Map<string, Uint8Array | undefined>> {
    return this.#attempt(() => {
      const byBlock = new Map<number, Map<string, Uint8Array | undefined>>();
      for (const row of this.#db.prepare("SELECT number, key, value FROM undo ORDER BY number").all()) {
        const number = row.number as number;
        if (!byBlock.has(number)) byBlock.set(number, new Map());
        byBlock.get(number)!.set(row.key as string, (row.value as Uint8Array | null) ?? undefined);
      }
      return byBlock;
    });
  }

  damaged(found: string, cause?: unknown) {
    return devnetError(
      "devnet/store-damaged",
      `open the chain's store ${this.path}: ${found}, a whole store required, remove its directory, or start with ` +
        "--reset, for a new chain",
      { path: this.path },
      cause,
    );
  }

  #checkFormat(db: DatabaseSync): boolean {
    const { user_version: format } = db.prepare("PRAGMA user_version").get() as { user_version: number };
    if (format !== 0 && format !== FORMAT) {
      throw this.damaged(`format ${format}, this program knows ${FORMAT}`);
    }
    if (format === 0) db.exec(`PRAGMA user_version = ${FORMAT}`);
    return format === 0;
  }

  #checkPages(db: DatabaseSync): void {
    const row = db.prepare("PRAGMA quick_check(1)").get() as Record<string, string>;
    const [verdict] = Object.values(row);
    if (verdict !== "ok") throw this.damaged(verdict);
  }

  #block(sql: string, key: number | string): Block | undefined {
    const row = this.#get(sql, key) as Row | undefined;
    return row && this.#attempt(() => ({
      hash: row.hash,
      header: decodeValue(headerType, row.header),
      body: decodeValue(bodyType, row.body),
    }));
  }

  readonly #prepared = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

  #statement(sql: string) {
    let statement = this.#prepared.get(sql);
    if (!statement) this.#prepared.set(sql, statement = this.#db.prepare(sql));
    return statement;
  }

  #get(sql: string, ...values: (string | number)[]): unknown {
    return this.#attempt(() => this.#statement(sql).get(...values));
  }

  #put(sql: string, values: (string | number | null | Uint8Array)[]): void {
    this.#statement(sql).run(...values);
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw this.#typed(error);
    }
  }

  #typed(error: unknown): unknown {
    const { message, code } = error as { message: string; code?: string };
    const { path } = this;
    if (code?.startsWith("devnet/")) {
      return code === "scale/undecodable" ? this.damaged("a block that does not decode", error) : error;
    }
    if (IS_DAMAGED.test(message)) return this.damaged(message, error);
    const isLocked = IS_LOCKED.test(message);
    return devnetError(
      isLocked ? "devnet/store-in-use" : "devnet/store-io",
      isLocked
        ? `open the chain's store ${path}: another process has it, stop that or choose another directory`
        : `use the chain's store ${path}: the file system refused, check space and permissions`,
      { path },
      error,
    );
  }
}

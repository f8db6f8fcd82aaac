/**
 * A node's durable memory: the last two states, and small named records. Every write goes to a temporary file that is synced and
 * then renamed over its target, so a crash leaves the old or the new, never half. Should a file be torn all the same (a
 * disk that lies about syncing), its digest gives it away and the state before it is used.
 */
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256Sync, toHex, utf8 } from "../base/bytes.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { StateError } from "./errors.ts";
import { assertState, type ModelState } from "./model_state.ts";
import { readStateFile, writeStateFile } from "./state_file.ts";

const KEPT_STATES = 2;
const STATE_NAME = /^state-(\d{1,15})\.bin$/;
const RECORD_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

export class StateStore {
  readonly #directory: string;
  readonly #log: Log;
  /** Writes one after the other: two saves must not prune each other's files. */
  #lastWrite: Promise<unknown> = Promise.resolve();

  private constructor(directory: string, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  /** Makes the directory and clears what a crash left half written. @throws {StateError} `state/io` */
  static async open(directory: string, dependencies: { log: Log }): Promise<StateStore> {
    await attempt(`open state directory ${directory}`, async () => {
      await mkdir(directory, { recursive: true });
      for (const name of await readdir(directory)) {
        if (name.endsWith(".tmp")) await rm(join(directory, name), { force: true });
      }
    });
    return new StateStore(directory, dependencies.log);
  }

  /** Durable when it resolves; then the previous state and this one are kept. @throws {StateError} `state/io` */
  save(state: ModelState): Promise<void> {
    assertState(state);
    return this.#inTurn(`save state ${state.outerStep}`, async () => {
      const name = `state-${state.outerStep}.bin`;
      await rm(join(this.#directory, `${name}.tmp`), { force: true });
      await writeStateFile(join(this.#directory, `${name}.tmp`), state);
      await this.#publish(name);
      const others = (await this.#steps()).filter((step) => step !== state.outerStep);
      const kept = others.filter((step) => step < state.outerStep).slice(0, KEPT_STATES - 1);
      for (const step of others) {
        if (!kept.includes(step)) await rm(join(this.#directory, `state-${step}.bin`), { force: true });
      }
    });
  }

  /**
   * The newest whole state of this run, or undefined when there is none. A damaged file is reported and passed over.
   * @throws {StateError} `state/io`
   */
  async load(want: { runId: string; elementCount: number }): Promise<ModelState | undefined> {
    for (const step of await attempt("list states", () => this.#steps())) {
      const path = join(this.#directory, `state-${step}.bin`);
      try {
        const state = await readStateFile(path);
        if (state.runId === want.runId && state.parameters.length === want.elementCount) return state;
        this.#log.warn(`pass over state ${path}: of another run or model`, { path, runId: state.runId });
      } catch (error) {
        if (!isSkeinError(error, "state/corrupt")) throw ioError(`read state ${path}`, error);
        this.#log.emit({ event: "state-corrupt", path, message: describeError(error) });
      }
    }
    return undefined;
  }

  /** @param value JSON-able. Durable when it resolves. @throws {StateError} `state/io` */
  saveRecord(name: string, value: unknown): Promise<void> {
    const file = recordFile(name);
    const text = JSON.stringify(value);
    const whole = `${toHex(sha256Sync(utf8(text)))}\n${text}\n`;
    return this.#inTurn(`save record ${name}`, async () => {
      const handle = await open(join(this.#directory, `${file}.tmp`), "w");
      try {
        await writeFile(handle, whole);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await this.#publish(file);
    });
  }

  /**
   * undefined when it was never saved. A damaged record throws: whoever kept a promise in it must not take it for none.
   * @throws {StateError} `state/corrupt`, `state/io`
   */
  async loadRecord(name: string): Promise<unknown> {
    const path = join(this.#directory, recordFile(name));
    let whole: string;
    try {
      whole = await readFile(path, "utf8");
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return undefined;
      throw ioError(`read record ${path}`, error);
    }
    const corrupt = (found: string, cause?: unknown) =>
      new StateError("state/corrupt", `read record ${path}: ${found} required`, { path }, cause);
    const [digest, text = ""] = whole.split("\n");
    if (toHex(sha256Sync(utf8(text))) !== digest) {
      throw corrupt("another digest than its content's, the same");
    }
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw corrupt("content that is not JSON, JSON", cause);
    }
  }

  async #steps(): Promise<number[]> {
    const matches = (await readdir(this.#directory)).map((name) => STATE_NAME.exec(name));
    return matches.flatMap((match) => (match ? [Number(match[1])] : [])).sort((a, b) => b - a);
  }

  /** Renames `name`.tmp to `name`, and has the directory on the disk. */
  async #publish(name: string): Promise<void> {
    await rename(join(this.#directory, `${name}.tmp`), join(this.#directory, name));
    const directory = await open(this.#directory, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  #inTurn(what: string, write: () => Promise<void>): Promise<void> {
    const turn = this.#lastWrite.then(() => attempt(what, write));
    this.#lastWrite = turn.catch(() => {});
    return turn;
  }
}

function recordFile(name: string): string {
  if (!RECORD_NAME.test(name)) {
    throw new StateError("state/bad-request", `name a record: "${name}", a-z, 0-9 and - required`);
  }
  return `record-${name}.json`;
}

async function attempt<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw ioError(what, error);
  }
}

function ioError(what: string, cause: unknown): StateError {
  return new StateError(
    "state/io",
    `${what}: the file system refused, check space and permissions`,
    {},
    cause,
  );
}

/**
 * Results of rounds in files of a directory that is ours alone (result_space.ts). Nothing in them outlives the process: what
 * an earlier one left is removed. A file whose result is done with is used for the next one, so that the system need not
 * find and clear its pages again; in its cache a write costs a tenth of a millisecond a megabyte.
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ResultRoom, ResultSpace } from "../allreduce/result_space.ts";
import { assert } from "../base/assert.ts";
import { SkeinError } from "../base/errors.ts";

const NAME = /^result-\d+\.bin$/;
/** Between two rounds one result is held; the next one goes where the one before it was. */
const MAX_SPARE_FILES = 1;

interface ResultFile {
  readonly path: string;
  readonly file: Deno.FsFile;
}

export class ResultFiles implements ResultSpace, Disposable {
  readonly #directory: string;
  readonly #open = new Set<ResultFile>();
  readonly #spare: ResultFile[] = [];
  #count = 0;

  /** @throws {SkeinError} `node/result-io` */
  constructor(directory: string) {
    this.#directory = directory;
    guarded("clear", directory, () => {
      mkdirSync(directory, { recursive: true });
      for (const name of readdirSync(directory)) if (NAME.test(name)) rmSync(join(directory, name));
    });
  }

  /** @throws {SkeinError} `node/result-io` */
  open(mostBytes: readonly number[]): ResultRoom {
    const file = this.#spare.pop() ?? this.#create();
    return new FileRoom(file, mostBytes, () => this.#done(file));
  }

  /** What is still held is gone. */
  [Symbol.dispose](): void {
    for (const file of this.#open) this.#remove(file);
  }

  #create(): ResultFile {
    const path = join(this.#directory, `result-${this.#count++}.bin`);
    const options = { read: true, write: true, create: true, truncate: true, mode: 0o600 };
    const file = { path, file: guarded("open", path, () => Deno.openSync(path, options)) };
    this.#open.add(file);
    return file;
  }

  #done(file: ResultFile): void {
    if (!this.#open.has(file)) return;
    if (this.#spare.length < MAX_SPARE_FILES) this.#spare.push(file);
    else this.#remove(file);
  }

  #remove(file: ResultFile): void {
    this.#open.delete(file);
    file.file.close();
    rmSync(file.path, { force: true });
  }
}

class FileRoom implements ResultRoom {
  readonly #file: ResultFile;
  readonly #onFree: () => void;
  /** Where each chunk begins. */
  readonly #offsets: number[] = [];
  /** Of each chunk that is there. */
  readonly #sizes: (number | undefined)[];
  readonly #mostBytes: readonly number[];
  #byteLength = 0;
  #isFree = false;

  constructor(file: ResultFile, mostBytes: readonly number[], onFree: () => void) {
    this.#file = file;
    this.#mostBytes = mostBytes;
    this.#onFree = onFree;
    this.#sizes = new Array(mostBytes.length).fill(undefined);
    let end = 0;
    for (const bytes of mostBytes) {
      this.#offsets.push(end);
      end += bytes;
    }
  }

  get length(): number {
    return this.#sizes.length;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  has(chunk: number): boolean {
    return this.#sizes[chunk] !== undefined;
  }

  /** @throws {SkeinError} `node/result-io` */
  put(chunk: number, bytes: Uint8Array): boolean {
    assert(!this.#isFree && !this.has(chunk), "a chunk of a result is put in its place once");
    assert(bytes.length <= this.#mostBytes[chunk], "a chunk fits its place");
    this.#at(chunk, "write", bytes.length, (file, at) => file.writeSync(bytes.subarray(at)));
    this.#sizes[chunk] = bytes.length;
    this.#byteLength += bytes.length;
    return false;
  }

  /** @throws {SkeinError} `node/result-io`, also when a newer result has taken its place */
  read(chunk: number, into?: Uint8Array<ArrayBuffer>): Uint8Array {
    const { path } = this.#file;
    if (this.#isFree) {
      throw new SkeinError(
        "node/result-io",
        `read a result in ${path}: a newer one has taken its place, fetch that one`,
        { path },
      );
    }
    const size = this.#sizes[chunk];
    assert(size !== undefined, "a chunk that is read is there");
    assert(into === undefined || into.length >= size, "there is room for the chunk");
    const bytes = into === undefined ? new Uint8Array(size) : into.subarray(0, size);
    this.#at(chunk, "read", size, (file, at) => file.readSync(bytes.subarray(at)) ?? 0);
    return bytes;
  }

  free(): void {
    if (this.#isFree) return;
    this.#isFree = true;
    this.#onFree();
  }

  *[Symbol.iterator](): Generator<Uint8Array> {
    for (let chunk = 0; chunk < this.length; chunk++) yield this.read(chunk);
  }

  #at(chunk: number, verb: string, bytes: number, move: (file: Deno.FsFile, at: number) => number): void {
    const { path, file } = this.#file;
    guarded(verb, path, () => {
      file.seekSync(this.#offsets[chunk], Deno.SeekMode.Start);
      for (let at = 0; at < bytes;) {
        const moved = move(file, at);
        if (moved === 0) throw new Error(`the file ends after ${at} of ${bytes} bytes`);
        at += moved;
      }
    });
  }
}

function guarded<T>(verb: string, path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new SkeinError(
      "node/result-io",
      `${verb} ${path}: the file system refused, check space and permissions`,
      { path },
      cause,
    );
  }
}

/**
 * The user's own text, `--data PATH`: a file, or a directory whose files (all of them, at any depth, hidden ones left out) are
 * joined in the order of their relative paths with a blank line between. The order is by code unit, not by locale:
 * every node must get the same bytes from the same files.
 */
import { concatBytes, utf8 } from "../base/bytes.ts";
import { assertUtf8, type Corpus, corpusFromBytes } from "./corpus.ts";
import { DataError } from "./errors.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** The corpus is held in memory, as text and as tokens. */
const MAXIMUM_CORPUS_BYTES = 1 << 30;
const MAXIMUM_FILES = 100_000;

/** @throws {DataError} `data/not-found`, `data/unreadable`, `data/too-large`, and those of `corpusFromBytes` */
export async function loadTextCorpus(path: string, tokenizer?: Tokenizer): Promise<Corpus> {
  const info = await readable(path, () => Deno.stat(path));
  const files = info.isDirectory ? await textFiles(path) : [path];
  if (files.length === 0) {
    throw new DataError("data/empty", `read corpus ${path}: a directory without files, text files required`);
  }
  const parts: Uint8Array[] = [];
  let totalBytes = 0;
  for (const file of files) {
    const { size } = await readable(file, () => Deno.stat(file));
    totalBytes += size;
    if (totalBytes > MAXIMUM_CORPUS_BYTES) {
      throw new DataError(
        "data/too-large",
        `read corpus ${path}: more than ${totalBytes} bytes, at most ${MAXIMUM_CORPUS_BYTES} required, choose fewer files`,
      );
    }
    const text = await readable(file, () => Deno.readFile(file));
    assertUtf8(file, text);
    if (parts.length > 0) parts.push(utf8("\n\n"));
    parts.push(text);
  }
  return corpusFromBytes(path, concatBytes(...parts), tokenizer);
}

async function textFiles(root: string): Promise<string[]> {
  const found: string[] = [];
  const pending = [root];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    const entries = await readable(directory, () => Array.fromAsync(Deno.readDir(directory!)));
    for (const entry of entries) {
      if (entry.name.startsWith(".")) continue;
      const path = `${directory}/${entry.name}`;
      if (entry.isDirectory) pending.push(path);
      else if (entry.isFile) found.push(path);
    }
    if (found.length > MAXIMUM_FILES) {
      throw new DataError(
        "data/too-large",
        `read corpus ${root}: more than ${MAXIMUM_FILES} files, join them into fewer`,
      );
    }
  }
  return found.sort((a, b) => (a < b ? -1 : 1));
}

async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new DataError(
        "data/not-found",
        `read corpus ${path}: no such file or directory, give another path`,
        {
          path,
        },
        cause,
      );
    }
    throw new DataError("data/unreadable", `read corpus ${path}: not readable, check its permissions`, {
      path,
    }, cause);
  }
}

/** Results in files: what was put is read, files are used again and bounded, and what cannot be is a typed error. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSkeinError } from "../../../src/base/errors.ts";
import { ResultFiles } from "../../../src/node/result_files.ts";

function withDirectory(body: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "skein-results-"));
  try {
    body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const filled = (bytes: number, value: number) => new Uint8Array(bytes).fill(value);
const isResultIo = (error: unknown) => isSkeinError(error, "node/result-io");

Deno.test("chunks come back as they were put, in any order, shorter ones too, and into the room that is given", () =>
  withDirectory((directory) => {
    using files = new ResultFiles(directory);
    const room = files.open([10, 20, 5]);
    assert.deepEqual([room.length, room.byteLength, room.has(1)], [3, 0, false]);
    for (const [chunk, bytes] of [[2, 5], [0, 10], [1, 7]]) {
      assert.equal(room.put(chunk, filled(bytes, chunk + 1)), false, "the bytes are copied");
    }
    assert.deepEqual([room.byteLength, room.has(1)], [22, true]);
    assert.deepEqual([...room], [filled(10, 1), filled(7, 2), filled(5, 3)]);
    const into = new Uint8Array(20);
    const read = room.read(1, into);
    assert.deepEqual([read.buffer === into.buffer, read], [true, filled(7, 2)]);
    assert.deepEqual(into.subarray(7), new Uint8Array(13));
  }));

Deno.test("a file is used again once its result is freed, which then cannot be read; two at a time never share one", () =>
  withDirectory((directory) => {
    using files = new ResultFiles(directory);
    const [first, second] = [files.open([4]), files.open([4])];
    first.put(0, filled(4, 1));
    second.put(0, filled(4, 2));
    assert.deepEqual([first.read(0), second.read(0)], [filled(4, 1), filled(4, 2)]);
    first.free();
    first.free();
    const third = files.open([2, 2]);
    assert.equal(third.has(0), false);
    third.put(1, filled(2, 3));
    assert.deepEqual([third.read(1), second.read(0)], [filled(2, 3), filled(4, 2)]);
    assert.throws(() => first.read(0), isResultIo);
    assert.equal(readdirSync(directory).length, 2);
    for (const room of [second, third]) room.free();
    assert.equal(readdirSync(directory).length, 1, "one waits for the next result");
  }));

Deno.test("what another process left is removed at the start, our own at the end, and nothing else", () =>
  withDirectory((directory) => {
    writeFileSync(join(directory, "result-7.bin"), "old");
    writeFileSync(join(directory, "notes.txt"), "kept");
    const files = new ResultFiles(directory);
    assert.deepEqual(readdirSync(directory), ["notes.txt"]);
    files.open([4]).put(0, filled(4, 1));
    assert.equal(readdirSync(directory).length, 2);
    files[Symbol.dispose]();
    assert.deepEqual(readdirSync(directory), ["notes.txt"]);
  }));

Deno.test("a directory that cannot be made, a file that cannot be and one that was cut are told", () =>
  withDirectory((directory) => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    assert.throws(() => new ResultFiles(join(file, "results")), isResultIo);
    using files = new ResultFiles(join(directory, "results"));
    const room = files.open([4]);
    room.put(0, filled(4, 1));
    Deno.truncateSync(join(directory, "results", "result-0.bin"), 1);
    assert.throws(() => room.read(0), isResultIo);
    rmSync(join(directory, "results"), { recursive: true });
    assert.throws(() => files.open([4]), isResultIo);
    assert.equal(existsSync(join(directory, "results")), false);
  }));

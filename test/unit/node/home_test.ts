import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSkeinError } from "../../../src/base/errors.ts";
import { dataDirectory, holdFreeHome, holdHome, newNumberedDirectory } from "../../../src/node/home.ts";

async function inTemporary(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "skein-home-"));
  try {
    await body(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

Deno.test("a home is held by one process and free again after release", () =>
  inTemporary(async (directory) => {
    const path = join(directory, "miner-1");
    const held = await holdHome(path);
    assert.equal((await stat(path)).mode & 0o777, 0o700);
    await assert.rejects(holdHome(path), (error) => isSkeinError(error, "node/home-in-use"));
    await held.release();
    await (await holdHome(path)).release();
  }));

Deno.test("the lock of a process that is gone is free, though another may have its number by now", () =>
  inTemporary(async (directory) => {
    for (const gone of [2147483646, Deno.pid, Deno.ppid]) {
      await writeFile(join(directory, "lock"), String(gone));
      await (await holdHome(directory)).release();
    }
  }));

Deno.test("a home in use tells whose process holds it", () =>
  inTemporary(async (directory) => {
    await writeFile(join(directory, "lock"), "2147483646");
    const held = await holdHome(directory);
    await assert.rejects(holdHome(directory), {
      code: "node/home-in-use",
      payload: { path: directory, holderPid: Deno.pid },
    });
    await held.release();
  }));

Deno.test("nodes without a home take the first free one of their role", () =>
  inTemporary(async (directory) => {
    const first = await holdFreeHome(directory, "miner");
    const second = await holdFreeHome(directory, "miner");
    const validator = await holdFreeHome(directory, "validator");
    const names = [first, second, validator].map(({ path }) => path.slice(directory.length + 1));
    assert.deepEqual(names, ["miner-1", "miner-2", "validator-1"]);
    await first.release();
    assert.equal((await holdFreeHome(directory, "miner")).path, first.path);
  }));

Deno.test("swarm directories are numbered upwards", () =>
  inTemporary(async (directory) => {
    const parent = join(directory, "swarms");
    assert.equal(await newNumberedDirectory(parent), join(parent, "1"));
    assert.equal(await newNumberedDirectory(parent), join(parent, "2"));
  }));

Deno.test("the data directory follows SKEIN_HOME, then XDG, then the user's home", () => {
  assert.equal(dataDirectory({ SKEIN_HOME: "/a", XDG_DATA_HOME: "/b", HOME: "/c" }), "/a");
  assert.equal(dataDirectory({ XDG_DATA_HOME: "/b", HOME: "/c" }), "/b/skein");
  assert.equal(dataDirectory({ HOME: "/c" }), "/c/.local/share/skein");
  assert.equal(dataDirectory({}), ".skein");
});

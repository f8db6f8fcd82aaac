import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RoundLock } from "../../../src/allreduce/allreduce.ts";
import { sha256Sync, toHex, utf8 } from "../../../src/base/bytes.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import { RoundLockFile } from "../../../src/node/round_lock_file.ts";

const LOCK: RoundLock = {
  runId: "11".repeat(32),
  outerStep: 4,
  anchorRoot: "22".repeat(32),
  promised: 2,
  groups: [{ attempt: 2, members: ["a", "b"] }],
  lock: null,
};

function inTemporary(body: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "skein-lock-"));
  try {
    body(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

Deno.test("a round lock comes back as it was saved, the newest of several, and is gone when cleared", () =>
  inTemporary((directory) => {
    const file = new RoundLockFile(directory);
    assert.equal(file.load(), undefined);
    file.save(LOCK);
    file.save({ ...LOCK, promised: 3 });
    assert.deepEqual(new RoundLockFile(directory).load(), { ...LOCK, promised: 3 });
    file.clear();
    assert.equal(file.load(), undefined);
    file.clear();
  }));

Deno.test("a damaged round lock is a typed error, never a guess", () =>
  inTemporary((directory) => {
    const file = new RoundLockFile(directory);
    file.save(LOCK);
    const path = join(directory, "round-lock.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"promised":2', '"promised":1'));
    assert.throws(() => file.load(), (error) => isSkeinError(error, "node/lock-damaged"));
    writeFileSync(path, `${toHex(sha256Sync(utf8("{")))}\n{\n`);
    assert.throws(() => file.load(), (error) => isSkeinError(error, "node/lock-damaged"));
  }));

import assert from "node:assert/strict";
import { join } from "node:path";
import { isSkeinError } from "../../../src/base/errors.ts";
import type { PendingReveal } from "../../../src/chain/weight_commits.ts";
import { CommitFile } from "../../../src/node/commit_file.ts";

const pending: PendingReveal = {
  genesisHash: `0x${"ab".repeat(32)}`,
  netuid: 1,
  hotkey: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
  uids: [0, 3],
  values: [65535, 1],
  salt: [1, 2, 3, 4, 5, 6, 7, 8],
  versionKey: "18446744073709551615",
  commitBlock: 42,
};

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(join(directory, "home"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("commits are there after a restart, and readable by their owner alone", () =>
  inDirectory(async (directory) => {
    assert.deepEqual(await new CommitFile(directory).load(), []);
    await new CommitFile(directory).save([pending, { ...pending, netuid: 2 }]);
    const again = new CommitFile(directory);
    assert.deepEqual(await again.load(), [pending, { ...pending, netuid: 2 }]);
    assert.equal((await Deno.stat(again.path)).mode! & 0o777, 0o600);
    await again.save([]);
    assert.deepEqual(await new CommitFile(directory).load(), []);
  }));

Deno.test("a draft that a crash left behind changes nothing", () =>
  inDirectory(async (directory) => {
    const file = new CommitFile(directory);
    await file.save([pending]);
    await Deno.writeTextFile(`${file.path}.tmp`, "half wri");
    assert.deepEqual(await new CommitFile(directory).load(), [pending]);
    await file.save([]);
    assert.deepEqual(await file.load(), []);
  }));

Deno.test("a damaged file is told, and not taken for an empty one", () =>
  inDirectory(async (directory) => {
    const file = new CommitFile(directory);
    await file.save([pending]);
    const whole = await Deno.readTextFile(file.path);
    const damaged = [
      "",
      "{}",
      whole.slice(0, -2),
      whole.replace("65535", "65536"),
      whole.replace("[0,3]", "[0]"),
    ];
    for (const text of damaged) {
      await Deno.writeTextFile(file.path, text);
      await assert.rejects(file.load(), (error) =>
        isSkeinError(error, "node/commits-damaged") && error.message.includes(file.path) &&
        !error.message.includes("65535"));
    }
  }));

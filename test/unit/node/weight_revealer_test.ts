import assert from "node:assert/strict";
import { eventLog, type LogEvent } from "../../../src/base/log.ts";
import { chainError } from "../../../src/chain/errors.ts";
import type { PendingReveal } from "../../../src/chain/weight_commits.ts";
import type { HotkeyPair } from "../../../src/chain/wallet/wallet.ts";
import { CommitFile } from "../../../src/node/commit_file.ts";
import { WeightRevealer } from "../../../src/node/weight_revealer.ts";
import { BlockSource } from "./block_source.ts";

const genesisHash = `0x${"ab".repeat(32)}`;
const pending: PendingReveal = {
  ...{ genesisHash, netuid: 1, hotkey: "validator", uids: [0], values: [1] },
  ...{ salt: [1], versionKey: "0", commitBlock: 41 },
};

/** A chain on which a commit can be revealed from `first` on, and a store in memory. */
class Room {
  readonly blocks = new BlockSource();
  readonly events: LogEvent[] = [];
  stored: readonly PendingReveal[];
  first = 0;
  failures = 0;
  readonly askedAt: number[] = [];
  readonly commits = {
    load: async () => this.stored,
    save: async (left: readonly PendingReveal[]) => void (this.stored = left),
  };

  constructor(stored: readonly PendingReveal[]) {
    this.stored = stored;
  }

  open(): Promise<WeightRevealer> {
    return WeightRevealer.open({
      chain: {
        ...this.blocks,
        genesisHash,
        revealWeights: async () => {
          this.askedAt.push(this.blocks.height);
          if (this.failures-- > 0) throw chainError("chain/timeout", "no answer");
          if (this.blocks.height + 1 < this.first) return [];
          const due = this.stored.filter((each) => each.genesisHash === genesisHash);
          this.stored = this.stored.filter((each) => each.genesisHash !== genesisHash);
          return due;
        },
      },
      hotkey: { ss58: "validator" } as HotkeyPair,
      commits: this.commits,
      log: eventLog((event) => void this.events.push(event)),
      signal: new AbortController().signal,
    });
  }
}

Deno.test("with nothing to reveal the chain is not asked, and other chains' commits are not ours", async () => {
  const room = new Room([{ ...pending, genesisHash: `0x${"00".repeat(32)}` }, {
    ...pending,
    hotkey: "other",
  }]);
  const revealer = await room.open();
  await room.blocks.to(120);
  await revealer.close();
  assert.deepEqual([room.askedAt, room.blocks.handlerCount], [[], 0]);
});

Deno.test("a commit is revealed in its block", async () => {
  const room = new Room([]);
  const revealer = await room.open();
  room.stored = [pending];
  room.first = 110;
  revealer.expect(110);
  await room.blocks.to(130);
  assert.deepEqual(room.askedAt, [109]);
  assert.deepEqual(room.events, [
    { event: "weights-revealed", hotkey: "validator", netuid: 1, commitBlock: 41, uids: [0], values: [1] },
  ]);
});

Deno.test("after a restart the chain is asked every few blocks until all is revealed", async () => {
  const room = new Room([pending]);
  room.first = 110;
  await room.open();
  await room.blocks.to(130);
  assert.deepEqual(room.askedAt, [101, 104, 107, 110]);
  assert.deepEqual(room.stored, []);
});

Deno.test("a chain that does not answer is asked again", async () => {
  const room = new Room([pending]);
  room.failures = 2;
  await room.open();
  await room.blocks.to(130);
  assert.deepEqual(room.askedAt, [101, 104, 107]);
  assert.deepEqual(room.events.map(({ level, event }) => level ?? event), [
    "warn",
    "warn",
    "weights-revealed",
  ]);
});

Deno.test("a validator does not start over a damaged file", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const commits = new CommitFile(directory);
    await Deno.writeTextFile(commits.path, "[");
    const room = new Room([]);
    Object.assign(room, { commits });
    await assert.rejects(room.open(), /weight-commits\.json/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

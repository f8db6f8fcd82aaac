import assert from "node:assert/strict";
import { silentLog } from "../../../src/base/log.ts";
import type { ChainClient } from "../../../src/chain/client.ts";
import { PeerDirectory } from "../../../src/node/peer_directory.ts";

/** A chain whose metagraph is read only when the test says so. */
class SlowChain {
  height = 1;
  hotkeys: string[] = [];
  readonly reads: { answer: () => void; fail: () => void }[] = [];

  block = () => this.height;

  metagraph = () =>
    new Promise((resolve, reject) => {
      const neurons = this.hotkeys.map((hotkey, uid) => ({ uid, hotkey, commitment: null }));
      this.reads.push({ answer: () => resolve({ neurons }), fail: () => reject(new Error("no answer")) });
    });

  directory = () => new PeerDirectory(this as unknown as ChainClient, 1, silentLog);
}

const settled = () => new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(() => resolve())));

Deno.test("concurrent reads of one block are one read", async () => {
  const chain = new SlowChain();
  const directory = chain.directory();
  chain.hotkeys = ["alice"];
  const both = [directory.refresh(), directory.refresh()];
  assert.equal(chain.reads.length, 1);
  chain.reads[0].answer();
  await Promise.all(both);
  await directory.refresh();
  assert.equal(chain.reads.length, 1);
  assert.equal(directory.uidOf("alice"), 0);
});

Deno.test("a forced read does not join one that began before", async () => {
  const chain = new SlowChain();
  const directory = chain.directory();
  const early = directory.refresh();
  chain.hotkeys = ["alice"]; // published between the two
  const forced = [directory.refresh({ isForced: true }), directory.refresh({ isForced: true })];
  chain.reads[0].answer();
  await early;
  assert.equal(directory.uidOf("alice"), undefined);
  while (chain.reads.length < 2) await settled();
  chain.reads[1].answer();
  await Promise.all(forced);
  assert.equal(directory.uidOf("alice"), 0);
  assert.equal(chain.reads.length, 2, "both forced ones share the second");
});

Deno.test("a read in a later block does not join one of an earlier block", async () => {
  const chain = new SlowChain();
  const directory = chain.directory();
  const early = directory.refresh();
  chain.height = 2;
  chain.hotkeys = ["alice"];
  const asked = directory.isRegistered("alice");
  chain.reads[0].answer();
  await early;
  while (chain.reads.length < 2) await settled();
  chain.reads[1].answer();
  assert.equal(await asked, true);
});

Deno.test("a read that fails is told to its callers only, and the next one starts anew", async () => {
  const chain = new SlowChain();
  const directory = chain.directory();
  const early = directory.refresh();
  const forced = directory.refresh({ isForced: true });
  chain.reads[0].fail();
  await assert.rejects(early, /no answer/);
  while (chain.reads.length < 2) await settled();
  chain.reads[1].answer();
  await forced;
  await directory.refresh();
  assert.equal(chain.reads.length, 2);
});

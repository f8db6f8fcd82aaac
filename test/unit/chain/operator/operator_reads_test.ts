/** Takes and families where runtimes of different ages keep them. */
import { strict as assert } from "node:assert";
import { readDelegation, readFamily, takeChangeItem } from "../../../../src/chain/operator/operator_reads.ts";
import { devAccount } from "../../../../src/chain/sr25519.ts";
import { type Entries, viewOf } from "../fake_view.ts";
import { offlineApi } from "../offline_api.ts";
import { metadataSpec293, metadataSpec393 } from "../recorded.ts";

const [alice, bob] = ["//Alice", "//Bob"].map((name) => devAccount(name).address);
const NOBODY = "5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM";

const DELEGATION: Entries = {
  owner: ["AccountId32", bob],
  delegates: ["u16", 5898],
  minDelegateTake: ["u16", 0],
  maxDelegateTake: ["u16", 11796],
  lastTxBlockDelegateTake: ["u64", 50],
  txDelegateTakeRateLimit: ["u64", 100],
};
const FAMILY: Entries = {
  networksAdded: ["bool", true],
  childKeys: ["Vec<(u64,AccountId32)>", [[7, bob]]],
  parentKeys: ["Vec<(u64,AccountId32)>", []],
  pendingChildKeys: ["(Vec<(u64,AccountId32)>,u64)", [[], 0]],
  childkeyTake: ["u16", 3],
  minChildkeyTake: ["u16", 0],
  maxChildkeyTake: ["u16", 11796],
};

Deno.test("a take's last change is looked up where the runtime keeps it", async () => {
  const at = async (metadata: string, spec: number) =>
    takeChangeItem(await offlineApi(metadata, spec), alice)?.entry.creator.method;
  assert.equal(await at(metadataSpec293(), 293), "lastTxBlockDelegateTake");
  assert.equal(await at(metadataSpec393(), 393), "lastRateLimitedBlock");
});

Deno.test("a hotkey's owner, take and the block to raise it at are read; nobody's has none", async () => {
  assert.deepEqual(await readDelegation(viewOf(60, DELEGATION), alice), {
    ...{ owner: bob, take: 5898, leastTake: 0, mostTake: 11796, raisableAtBlock: 151 },
  });
  const nobodys = {
    ...DELEGATION,
    owner: ["AccountId32", NOBODY],
    lastTxBlockDelegateTake: ["u64", 0],
  } as Entries;
  const found = await readDelegation(viewOf(60, nobodys), alice);
  assert.deepEqual([found.owner, found.raisableAtBlock], [undefined, 0]);
});

Deno.test("children to come are told only while there are any, and a subnet's own least take counts", async () => {
  const plain = await readFamily(viewOf(60, FAMILY), 1, alice);
  assert.deepEqual([plain.children, plain.pending, plain.take, plain.leastTake], [
    [{ share: 7n, hotkey: bob }],
    undefined,
    3,
    0,
  ]);
  const later = {
    ...FAMILY,
    pendingChildKeys: ["(Vec<(u64,AccountId32)>,u64)", [[], 70]],
    minChildkeyTakePerSubnet: ["u16", 9],
  } as Entries;
  const family = await readFamily(viewOf(60, later), 1, alice);
  assert.deepEqual([family.pending, family.take, family.leastTake], [{ children: [], block: 70 }, 9, 9]);
});

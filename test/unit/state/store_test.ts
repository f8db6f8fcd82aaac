import assert from "node:assert/strict";
import { sha256Sync, toHex, utf8 } from "../../../src/base/bytes.ts";
import { eventLog, type LogEvent, silentLog } from "../../../src/base/log.ts";
import { StateStore } from "../../../src/state/store.ts";
import { makeState, RUN_ID } from "./make_state.ts";

const COUNT = 5000;
const want = { runId: RUN_ID, elementCount: COUNT };

function storeTest(
  name: string,
  body: (open: () => Promise<StateStore>, directory: string, events: LogEvent[]) => Promise<void>,
): void {
  Deno.test(name, async () => {
    const directory = await Deno.makeTempDir();
    const events: LogEvent[] = [];
    const log = eventLog((event) => events.push(event));
    try {
      await body(() => StateStore.open(directory, { log }), directory, events);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}
const names = async (directory: string) =>
  (await Array.fromAsync(Deno.readDir(directory))).map((entry) => entry.name).sort();

storeTest("a saved state comes back bit for bit after a restart", async (open) => {
  const state = makeState(3, COUNT);
  state.parameters[0] = -0;
  await (await open()).save(state);
  const loaded = await (await open()).load(want);
  assert.deepEqual(loaded, state);
  assert.ok(Object.is(loaded!.parameters[0], -0));
});

storeTest("an empty directory holds no state", async (open) => {
  assert.equal(await (await open()).load(want), undefined);
});

storeTest(
  "the last two states are kept, also when saves overlap or the step goes back",
  async (open, directory) => {
    const store = await open();
    await Promise.all([1, 2, 3].map((step) => store.save(makeState(step, COUNT))));
    assert.deepEqual(await names(directory), ["state-2.bin", "state-3.bin"]);
    await store.save(makeState(2, COUNT, 77));
    assert.deepEqual(await names(directory), ["state-2.bin"]);
    assert.deepEqual(await store.load(want), makeState(2, COUNT, 77));
  },
);

for (
  const [damage, spoil] of Object.entries<(bytes: Uint8Array) => Uint8Array>({
    "cut short": (bytes) => bytes.subarray(0, bytes.length - 4097),
    "cut to its first bytes": (bytes) => bytes.subarray(0, 5),
    "emptied": () => new Uint8Array(0),
    "zero from the middle on": (bytes) => bytes.fill(0, bytes.length / 2),
    "of one flipped bit in the values": (bytes) => (bytes[bytes.length - 1000] ^= 1, bytes),
    "of one flipped bit in the header": (bytes) => (bytes[20] ^= 1, bytes),
    "with an absurd header length": (bytes) => (bytes[11] = 0x7f, bytes),
    "longer than it should be": (bytes) => new Uint8Array([...bytes, 0]),
  })
) {
  storeTest(`a file ${damage} is reported and the state before it used`, async (open, directory, events) => {
    const store = await open();
    await store.save(makeState(1, COUNT));
    await store.save(makeState(2, COUNT));
    const path = `${directory}/state-2.bin`;
    await Deno.writeFile(path, spoil(await Deno.readFile(path)));
    assert.equal((await store.load(want))?.outerStep, 1);
    assert.deepEqual(events.map((event) => event.event), ["state-corrupt"]);
  });
}

storeTest("what a crash left half written is cleared and never loaded", async (open, directory) => {
  await (await open()).save(makeState(1, COUNT));
  await Deno.writeFile(`${directory}/state-2.bin.tmp`, new Uint8Array(100));
  const store = await open();
  assert.equal((await store.load(want))?.outerStep, 1);
  assert.deepEqual(await names(directory), ["state-1.bin"]);
  await store.save(makeState(2, COUNT));
});

storeTest("a state of another run or model is passed over", async (open, _directory, events) => {
  const store = await open();
  await store.save(makeState(1, COUNT));
  assert.equal(await store.load({ ...want, elementCount: 1 }), undefined);
  assert.equal(await store.load({ ...want, runId: "00".repeat(32) }), undefined);
  assert.equal(events.length, 2);
});

storeTest(
  "a record comes back, a missing one is undefined, a damaged one throws",
  async (open, directory) => {
    const store = await open();
    assert.equal(await store.loadRecord("lock"), undefined);
    await store.saveRecord("lock", { promised: 3, groups: ["ä\n"] });
    await store.saveRecord("lock", { promised: 4, groups: ["ä\n"] });
    assert.deepEqual(await (await open()).loadRecord("lock"), { promised: 4, groups: ["ä\n"] });
    const path = `${directory}/record-lock.json`;
    await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace("4,", "5,"));
    await assert.rejects(() => store.loadRecord("lock"), (error: any) => error.code === "state/corrupt");
    await Deno.writeTextFile(path, `${toHex(sha256Sync(utf8("{")))}\n{\n`);
    await assert.rejects(() => store.loadRecord("lock"), (error: any) => error.code === "state/corrupt");
    await assert.rejects(
      async () => store.saveRecord("../x", 1),
      (error: any) => error.code === "state/bad-request",
    );
  },
);

Deno.test("a directory that cannot be made is a typed error", async () => {
  const file = await Deno.makeTempFile();
  await assert.rejects(
    () => StateStore.open(`${file}/state`, { log: silentLog }),
    (error: any) => error.code === "state/io",
  );
  await Deno.remove(file);
});

import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventLog, type LogEvent } from "../../../src/base/log.ts";
import { KnownPeers } from "../../../src/node/known_peers.ts";

async function withHome(body: (home: string, events: LogEvent[]) => Promise<void>): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "skein-peers-"));
  try {
    await body(home, []);
  } finally {
    await rm(home, { recursive: true });
  }
}

const open = (home: string, events: LogEvent[]) =>
  KnownPeers.open(home, eventLog((event) => events.push(event)));

Deno.test("peers that were met are known after a restart, with their newest addresses", async () => {
  await withHome(async (home, events) => {
    const first = await open(home, events);
    assert.deepEqual(first.addrsOf("alice"), []);
    await first.remember([{ hotkey: "alice", addrs: ["/ip4/1.2.3.4/tcp/1"] }, { hotkey: "bob", addrs: [] }]);
    await first.remember([{ hotkey: "alice", addrs: ["/ip4/1.2.3.4/tcp/2"] }]);
    await first.remember([{ hotkey: "carol", addrs: ["/ip4/1.2.3.4/tcp/3"] }]);
    const second = await open(home, events);
    assert.deepEqual(second.addrsOf("alice"), ["/ip4/1.2.3.4/tcp/2"]);
    assert.deepEqual(second.addrsOf("bob"), []);
    assert.deepEqual(second.addrsOf("carol"), ["/ip4/1.2.3.4/tcp/3"]);
    assert.deepEqual(await readdir(home), ["peers.json"], "nothing is left beside it");
    assert.deepEqual(events, []);
  });
});

Deno.test("a damaged file is told, ignored and written anew", async () => {
  const damaged = ["", "{", '{"version":1,"peers":[{"hotkey":7}]}', '{"version":2,"peers":[]}', "\0\xff"];
  for (const text of damaged) {
    await withHome(async (home, events) => {
      const path = join(home, "peers.json");
      await writeFile(path, text);
      const peers = await open(home, events);
      assert.deepEqual(peers.addrsOf("alice"), []);
      assert.equal(events.length, 1);
      assert.ok(String(events[0].message).includes(path) && String(events[0].message).includes("damaged"));
      await peers.remember([{ hotkey: "alice", addrs: ["/ip4/1.2.3.4/tcp/1"] }]);
      assert.deepEqual((await open(home, events)).addrsOf("alice"), ["/ip4/1.2.3.4/tcp/1"]);
      assert.equal(events.length, 1);
    });
  }
});

Deno.test("the file is bounded, and whoever was met last stays", async () => {
  await withHome(async (home, events) => {
    const peers = await open(home, events);
    const many = Array.from(
      { length: 600 },
      (_, i) => ({ hotkey: `h${i}`, addrs: [`/ip4/1.2.3.4/tcp/${i}`] }),
    );
    await peers.remember(many);
    assert.equal(JSON.parse(await readFile(join(home, "peers.json"), "utf8")).peers.length, 512);
    const again = await open(home, events);
    assert.deepEqual([again.addrsOf("h0"), again.addrsOf("h599")], [[], ["/ip4/1.2.3.4/tcp/599"]]);
    assert.deepEqual(events, []);
  });
});

Deno.test("as much as strangers can make a node write it reads again", async () => {
  await withHome(async (home, events) => {
    const peers = await open(home, events);
    const addrs = Array.from({ length: 32 }, (_, i) => `/dns4/${"a".repeat(240)}/tcp/${1000 + i}`).map((
      addr,
    ) => addr.padEnd(256, "x"));
    const hostile = [
      "",
      "\u0001".repeat(256),
      '"'.repeat(256),
      "\\".repeat(256),
      "é".repeat(200),
      "x".repeat(257),
    ];
    const hotkeys = Array.from({ length: 520 }, (_, i) => `${i}`.padEnd(64, "h"));
    await peers.remember(hotkeys.map((hotkey) => ({ hotkey, addrs: [...hostile, ...addrs] })));
    await peers.remember([{ hotkey: "h".repeat(65), addrs }, { hotkey: '"', addrs }, {
      hotkey: "x",
      addrs: hostile,
    }]);
    const again = await open(home, events);
    assert.deepEqual(events, []);
    for (const known of [peers, again]) {
      assert.deepEqual(known.addrsOf(hotkeys[519]), addrs.slice(0, 8));
      assert.deepEqual(known.addrsOf(hotkeys[8]), addrs.slice(0, 8));
      assert.deepEqual([known.addrsOf(hotkeys[7]), known.addrsOf("x"), known.addrsOf("h".repeat(65))], [
        [],
        [],
        [],
      ]);
    }
  });
});

Deno.test("a disk that cannot be written to is told and survived", async () => {
  await withHome(async (home, events) => {
    const peers = await open(join(home, "gone"), events);
    await peers.remember([{ hotkey: "alice", addrs: ["/ip4/1.2.3.4/tcp/1"] }]);
    assert.deepEqual(peers.addrsOf("alice"), ["/ip4/1.2.3.4/tcp/1"]);
    assert.match(String(events[0].message), /write known peers/);
  });
});

import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import { encodeRecord, RECORD_KINDS, RecordBook, recordKey } from "../../../src/net/record.ts";
import { putRecord } from "../../../src/net/dht.ts";
import { startHost } from "../../../src/net/host.ts";
import { multiaddr } from "@multiformats/multiaddr";
import { signerOf, swarmTest, type TestNode, until, verify } from "./swarm.ts";

const NOW_MS = 1_700_000_000_000;
const alice = signerOf("Alice");

function bookAt(time: { nowMs: number }, isRegistered = true): RecordBook {
  return new RecordBook({
    clock: { ...systemClock, nowMs: () => time.nowMs },
    verify,
    isRegistered: () => isRegistered,
  });
}

const record = (sequence: number, text: string, lifetimeMs = 60_000) =>
  encodeRecord(alice, "announce", {
    sequence: BigInt(sequence),
    expiresMs: NOW_MS + lifetimeMs,
    payload: utf8(text),
  });

const refused = (reason: string) => (error: unknown) =>
  isSkeinError(error, "net/record-refused") && error.payload.reason === reason;

Deno.test("the book keeps the newest record and refuses older, foreign, forged and expired ones", async () => {
  const time = { nowMs: NOW_MS };
  const book = bookAt(time);
  const key = recordKey(alice.hotkey, "announce");
  await book.validate(key, record(5, "five"));
  await book.validate(key, record(6, "six"));
  await book.validate(key, record(6, "six"));
  assert.equal(new TextDecoder().decode(book.newest(alice.hotkey, "announce")!.payload), "six");
  await assert.rejects(book.validate(key, record(5, "five")), refused("stale"));
  await assert.rejects(book.validate(key, record(6, "other")), refused("equivocal"));
  await assert.rejects(
    book.validate(recordKey(signerOf("Bob").hotkey, "announce"), record(9, "x")),
    refused("signature"),
  );
  const forged = record(9, "nine");
  forged[forged.length - 1] ^= 1;
  await assert.rejects(book.validate(key, forged), refused("signature"));
  await assert.rejects(book.validate(key, new Uint8Array(79)), refused("size"));
  await assert.rejects(book.validate(key, new Uint8Array(9000)), refused("size"));
  await assert.rejects(book.validate(utf8("/skein/x"), record(9, "x")), refused("key"));
  await assert.rejects(book.validate(key, record(9, "x", 0)), refused("expired"));
  await assert.rejects(
    book.validate(key, record(9, "x", RECORD_KINDS.announce.maxLifetimeMs + 1)),
    refused("expiry"),
  );
  await assert.rejects(bookAt(time, false).validate(key, record(9, "x")), refused("unregistered"));
  assert.equal(book.select(key, [record(5, "a"), record(7, "b"), record(6, "c")]), 1);
  time.nowMs += 60_000;
  assert.equal(book.newest(alice.hotkey, "announce"), undefined);
  assert.equal(book.sequence(alice.hotkey, "announce"), 6n);
});

swarmTest(
  "four nodes announce and find each other's newest record; a replayed one is refused",
  async (swarm) => {
    const nodes: TestNode[] = [];
    for (const name of ["Alice", "Bob", "Carol", "Dave"]) nodes.push(await swarm.add(name));
    for (const node of nodes.slice(1)) await node.network.dial(nodes[0].network.listenAddrs[0]);
    await until(() => nodes[0].network.transport.connected().length === 3, "everybody knows Alice");
    const text = async (reader: number, owner: number) => {
      const found = await nodes[reader].network.lookup(nodes[owner].signer.hotkey, "announce");
      return found && new TextDecoder().decode(found.payload);
    };
    let storedCount = 0;
    for (let i = 0; i < 100 && storedCount === 0; i++) {
      storedCount = await nodes[1].network.publish("announce", utf8("first"));
      if (storedCount === 0) await systemClock.sleep(50);
    }
    assert.ok(storedCount > 0);
    for (let reader = 0; reader < 4; reader++) assert.equal(await text(reader, 1), "first");
    await nodes[1].network.publish("announce", utf8("second"));
    for (let reader = 0; reader < 4; reader++) assert.equal(await text(reader, 1), "second");
    assert.equal(await text(0, 3), undefined);

    // A host without our book replays an old, validly signed record of Bob's.
    const host = await startHost(
      { identitySeed: new Uint8Array(32).fill(201), listen: ["/ip4/127.0.0.1/tcp/0"], webrtc: false },
      { isRefused: () => false, validateRecord() {}, selectRecord: () => 0 },
    );
    try {
      const bob = nodes[1].signer;
      for (const node of nodes) await host.dial(multiaddr(node.network.listenAddrs[0]));
      const past = { ...systemClock, nowMs: () => Date.now() - 600_000 };
      const old = new RecordBook({ clock: past, verify, isRegistered: () => true });
      await until(() => host.getConnections().length >= 4, "the host is connected to all");
      const statement = { kind: "announce" as const, payload: utf8("replayed"), lifetimeMs: 3_600_000 };
      const accepted = await putRecord(bob, statement, { host, book: old, clock: past });
      assert.equal(accepted, 0);
      for (let reader = 0; reader < 4; reader++) assert.equal(await text(reader, 1), "second");
    } finally {
      await host.stop();
    }
  },
);

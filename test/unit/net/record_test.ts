import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import type { Signer } from "../../../src/base/transport.ts";
import { silentLog } from "../../../src/base/log.ts";
import { RecordPublisher } from "../../../src/net/record_publisher.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import {
  encodeRecord,
  RECORD_KINDS,
  RecordBook,
  recordKey,
  type RecordKind,
} from "../../../src/net/record.ts";
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
  assert.equal(book.select(key, [new Uint8Array(3), record(5, "a"), new Uint8Array(0)]), 1);
  time.nowMs += 60_000;
  assert.equal(book.newest(alice.hotkey, "announce"), undefined);
  assert.equal(book.sequence(alice.hotkey, "announce"), 6n);
});

Deno.test("a record stays within the limits of its kind, and a kind that is none is refused", async () => {
  const book = bookAt({ nowMs: NOW_MS });
  const of = (kind: RecordKind, lifetimeMs: number, bytes = 4) =>
    encodeRecord(alice, kind, {
      sequence: 1n,
      expiresMs: NOW_MS + lifetimeMs,
      payload: new Uint8Array(bytes),
    });
  const key = (kind: RecordKind) => recordKey(alice.hotkey, kind);
  for (const kind of Object.keys(RECORD_KINDS) as RecordKind[]) {
    const { maxLifetimeMs, maxBytes } = RECORD_KINDS[kind];
    await assert.rejects(book.validate(key(kind), of(kind, maxLifetimeMs + 1)), refused("expiry"));
    await assert.rejects(book.validate(key(kind), of(kind, 1000, maxBytes)), refused("size"));
    await book.validate(key(kind), of(kind, maxLifetimeMs));
  }
  await assert.rejects(
    book.validate(utf8(`/skein/${alice.hotkey}/other`), of("announce", 1000)),
    refused("key"),
  );
});

Deno.test("what is published is put again when half its life has passed, and soon while nobody stores it", async () => {
  const timers: { delayMs: number; run: () => void; isCancelled: boolean }[] = [];
  const clock: Clock = {
    ...systemClock,
    after(delayMs, run) {
      const timer = { delayMs, run, isCancelled: false };
      timers.push(timer);
      return () => void (timer.isCancelled = true);
    },
  };
  const puts: string[] = [];
  let storedCount = 0;
  const publisher = new RecordPublisher({
    clock,
    log: silentLog,
    async put({ kind, payload }) {
      puts.push(`${kind} ${new TextDecoder().decode(payload)}`);
      return storedCount;
    },
  });
  const fire = async () => {
    timers.at(-1)!.run();
    await until(() => timers.at(-1)!.run !== fired, "the next is armed");
    fired = timers.at(-1)!.run;
    return timers.at(-1)!.delayMs;
  };
  await publisher.publish("announce", utf8("a"), 60_000);
  let fired = timers.at(-1)!.run;
  assert.equal(timers.at(-1)!.delayMs, 1000);
  assert.equal(await fire(), 2000);
  storedCount = 3;
  assert.equal(await fire(), 30_000);
  assert.equal(await fire(), 30_000);
  await publisher.publish("announce", utf8("b"), 60_000);
  assert.deepEqual(puts, ["announce a", "announce a", "announce a", "announce a", "announce b"]);
  assert.equal(timers.filter((timer) => !timer.isCancelled).length, 4, "three ran, one waits");
  publisher.stop();
  assert.ok(timers.at(-1)!.isCancelled);
});

swarmTest("a record outlives its own expiry, because it is renewed", async (swarm) => {
  const a = await swarm.add("Alice"), b = await swarm.add("Bob");
  await b.network.dial(a.network.listenAddrs[0]);
  const startMs = Date.now();
  void a.network.publish("announce", utf8("held"), 1000).catch(() => {});
  const seen = new Set<bigint>();
  let isLate = false;
  await until(
    () => {
      void b.network.lookup(a.signer.hotkey, "announce").then((found) => {
        if (found === undefined) return;
        assert.equal(new TextDecoder().decode(found.payload), "held");
        seen.add(found.sequence);
        isLate ||= Date.now() > startMs + 2500;
      });
      return seen.size >= 3 && isLate;
    },
    "the record is seen with three sequences, after twice its lifetime",
    15,
  );
});

swarmTest("a record under another's hotkey is refused by everybody", async (swarm) => {
  const nodes: TestNode[] = [];
  for (const name of ["Alice", "Bob", "Carol"]) nodes.push(await swarm.add(name));
  await until(() => {
    void nodes[0].network.publish("announce", utf8("mine")).catch(() => {});
    for (const node of nodes.slice(1)) {
      void node.network.dial(nodes[0].network.listenAddrs[0]).catch(() => {});
    }
    return nodes[0].network.transport.connected().length === 2;
  }, "everybody knows Alice");
  const host = await startHost(
    { identitySeed: new Uint8Array(32).fill(202), listen: ["/ip4/127.0.0.1/tcp/0"], webrtc: false },
    { isRefused: () => false, validateRecord() {}, selectRecord: () => 0, clock: systemClock },
  );
  try {
    for (const node of nodes) await host.dial(multiaddr(node.network.listenAddrs[0]));
    await until(() => host.getConnections().length >= 3, "the host is connected to all");
    const mallory = signerOf("Mallory");
    swarm.registered.add(mallory.hotkey);
    const blind = new RecordBook({ clock: systemClock, verify: () => true, isRegistered: () => true });
    const statement = { kind: "announce" as const, payload: utf8("forged"), lifetimeMs: 3_600_000 };
    const by = (signer: Signer) => putRecord(signer, statement, { host, book: blind, clock: systemClock });
    let ownCount = 0;
    await until(() => {
      void by(mallory).then((count) => ownCount ||= count).catch(() => {});
      return ownCount > 0;
    }, "Mallory's own record is stored");
    // Signed by Mallory, under Alice's name.
    assert.equal(await by({ hotkey: alice.hotkey, sign: mallory.sign }), 0);
    for (const node of nodes) {
      const found = await node.network.lookup(alice.hotkey, "announce");
      assert.notEqual(found && new TextDecoder().decode(found.payload), "forged");
    }
  } finally {
    await host.stop();
  }
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
      { isRefused: () => false, validateRecord() {}, selectRecord: () => 0, clock: systemClock },
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

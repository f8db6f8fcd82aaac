import assert from "node:assert/strict";
import { MAX_STRIPES } from "../../../src/net/stripe_growth.ts";
import { FakeLink } from "./fake_link.ts";

Deno.test("frames are spread over all connections, each once", async () => {
  const link = new FakeLink(10_000, 100_000);
  link.add();
  link.add();
  await link.sendMany(30, 1000);
  assert.equal(link.sent.length, 30);
  assert.equal(new Set(link.sent.map(({ type }) => type)).size, 30);
  assert.equal(new Set(link.sent.map(({ connection }) => connection)).size, 3);
});

Deno.test("a backlog on slow connections asks for more, up to the limit", async () => {
  const link = new FakeLink(350, 1_000_000);
  await link.sendMany(2000, 100_000);
  assert.deepEqual(link.dials, [5, 18]);
  assert.equal(link.connections.length, MAX_STRIPES);
});

Deno.test("on a link that is full more are given back, and tried again ever more seldom", async () => {
  const link = new FakeLink(300, 300);
  await link.sendMany(14_000, 100_000);
  const hours = link.nowMs / 3_600_000;
  assert.ok(hours > 1.2, `${hours} hours went by`);
  assert.equal(link.most, 6);
  assert.equal(link.openCount, 1);
  assert.equal(link.givenBack, 5 * link.dials.length);
  assert.ok(link.dials.length <= 11, `${link.dials.length} tries`);
  const pauses = link.dialedMs.slice(1).map((ms, i) => ms - link.dialedMs[i]);
  assert.ok(pauses.length >= 4 && pauses[0] >= 5000, String(pauses));
  // Each is a try and a pause; tries take about as long, pauses double.
  const longer = pauses.slice(1).map((ms, i) => ms - pauses[i]);
  for (const [i, more] of longer.slice(1).entries()) {
    assert.ok(more > 1.8 * longer[i], `${more} ms longer after ${longer[i]}`);
  }
});

Deno.test("the count that carried the most is kept", async () => {
  const link = new FakeLink(300, 1650); // six connections fill it
  await link.sendMany(10_000, 100_000);
  assert.equal(link.dials.slice(0, 3).join(), "5,18,18");
  assert.equal(link.openCount, 6);
});

Deno.test("a link that becomes wider gets more connections when the pause is over", async () => {
  const link = new FakeLink(300, 300);
  await link.sendMany(200, 100_000);
  assert.ok(link.givenBack > 0 && link.openCount < MAX_STRIPES);
  link.linkBytesPerMs = 100_000;
  await link.sendMany(2000, 100_000);
  assert.equal(link.openCount, MAX_STRIPES);
});

Deno.test("a connection that carries enough stays alone", async () => {
  const link = new FakeLink(4000, 4000);
  await link.sendMany(300, 100_000);
  assert.deepEqual(link.dials, []);
});

Deno.test("what a broken connection had goes out on another", async () => {
  const link = new FakeLink(10_000, 100_000);
  link.add();
  link.broken = 0;
  await link.sendMany(10, 1000);
  assert.equal(new Set(link.sent.map(({ type }) => type)).size, 10);
  assert.ok(link.sent.every(({ connection }) => connection === 1));
});

Deno.test("without any connection the frames that wait are refused, typed", async () => {
  const link = new FakeLink(10_000, 100_000);
  link.broken = 0;
  const sending = link.sendMany(3, 1000);
  const outcome = assert.rejects(sending, { code: "net/link-lost" });
  await Promise.resolve();
  link.stripes.connectionsChanged();
  await outcome;
});

Deno.test("a frame that is aborted before its turn is never read nor sent", async () => {
  const link = new FakeLink(10_000, 100_000);
  const abort = new AbortController();
  const first = link.stripes.send({ type: "first", header: {}, body: new Uint8Array(10) });
  let isRead = false;
  const second = link.stripes.send({
    type: "second",
    header: {},
    get body() {
      isRead = true;
      return new Uint8Array(10);
    },
  }, abort.signal);
  abort.abort(new Error("over"));
  await first;
  await assert.rejects(second, /over/);
  assert.equal(isRead, false);
  assert.deepEqual(link.sent.map(({ type }) => type), ["first"]);
});

Deno.test("a dial that fails in a way nobody foresaw costs no frame and not the process", async () => {
  const link = new FakeLink(350, 1_000_000);
  link.dialFailure = new TypeError("an address that is none");
  await link.sendMany(300, 100_000);
  assert.equal(link.sent.length, 300);
  assert.ok(link.dials.length > 0);
});

Deno.test("a peer that needed many connections gets them at once when frames wait again", async () => {
  const link = new FakeLink(350, 1_000_000);
  await link.sendMany(2000, 100_000);
  assert.equal(link.openCount, MAX_STRIPES);
  for (const connection of link.connections.slice(1)) connection.status = "closed"; // they were idle for long
  link.stripes.connectionsChanged();
  const { length } = link.dials;
  await link.sendMany(3, 100_000);
  assert.deepEqual(link.dials.slice(length), [MAX_STRIPES - 1]);
});

Deno.test("of a path that has become good fewer are remembered", async () => {
  const link = new FakeLink(350, 1_000_000);
  await link.sendMany(2000, 100_000);
  link.bytesPerMs = 4000;
  for (const kept of [MAX_STRIPES / 2, MAX_STRIPES / 4]) {
    await link.sendMany(3000, 100_000);
    for (const connection of link.connections.slice(1)) connection.status = "closed";
    link.stripes.connectionsChanged();
    const { length } = link.dials;
    await link.sendMany(3, 100_000);
    assert.deepEqual(link.dials.slice(length), [kept - 1]);
  }
});

Deno.test("when frames come one by one, how seldom they come is not taken for slow connections", async () => {
  const link = new FakeLink(4000, 4000);
  for (let i = 0; i < 100; i++) {
    await link.sendMany(1, 100_000);
    link.nowMs += 1000;
  }
  assert.deepEqual(link.dials, []);
});

Deno.test("of several that are free the connection begins on which the peer has least to read", async () => {
  const link = new FakeLink(10_000, 100_000);
  link.add();
  link.add();
  [300_000, 100_000, 200_000].forEach((bytes, i) => link.unread.set(link.connections[i], bytes));
  await link.sendMany(1, 1000);
  assert.deepEqual(link.sent.map(({ connection }) => connection), [1]);
});

Deno.test("a frame that a connection does not get rid of goes out on a free one too, once, and is told when both are done", async () => {
  const link = new FakeLink(10_000, 100_000);
  link.add();
  link.add();
  const { promise, resolve } = Promise.withResolvers<void>();
  link.held.set(0, promise);
  let isTold = false;
  const sending = link.sendMany(3, 1000).then(() => void (isTold = true));
  await link.pass(200);
  assert.deepEqual(link.sent.map(({ type }) => type), ["1", "2"]);
  for (let i = 0; i < 5; i++) await link.pass(200);
  assert.deepEqual(link.sent.map(({ type }) => type), ["1", "2", "0"]);
  assert.notEqual(link.sent[2].connection, 0);
  assert.equal(isTold, false);
  resolve();
  await sending;
  assert.equal(link.sent.filter(({ type }) => type === "0").length, 2);
});

Deno.test("a frame that takes several times as long as most is copied before others begin, once", async () => {
  const link = new FakeLink(1, 100_000);
  link.add();
  const { promise, resolve } = Promise.withResolvers<void>();
  link.held.set(0, promise);
  const sending = link.sendMany(30, 10);
  for (let i = 0; link.sent.length < 20; i++) await Promise.resolve();
  const before = link.sent.length;
  assert.ok(link.sent.every(({ type }) => type !== "0"), "others are not yet late behind it");
  link.nowMs += 500;
  while (link.sent.length < before + 3) await Promise.resolve();
  assert.ok(link.sent.slice(before).some(({ type }) => type === "0"), "it goes before the rest");
  assert.ok(link.sent.length < 29);
  resolve();
  await sending;
  assert.equal(link.sent.filter(({ type }) => type === "0").length, 2);
});

Deno.test("a copy goes to a connection that has room for it, not to one whose peer has to read first", async () => {
  const link = new FakeLink(10_000, 100_000);
  link.add();
  link.add();
  const { promise, resolve } = Promise.withResolvers<void>();
  link.held.set(0, promise);
  link.roomless.add(1);
  const sending = link.sendMany(1, 1000);
  for (let i = 0; i < 5; i++) await link.pass(200);
  assert.deepEqual(link.sent.map(({ connection }) => connection), [2]);
  resolve();
  await sending;
});

Deno.test("a connection that breaks with a frame that another has taken meanwhile costs nothing", async () => {
  const link = new FakeLink(10_000, 100_000);
  link.add();
  const { promise, resolve } = Promise.withResolvers<void>();
  link.held.set(0, promise);
  link.broken = 0;
  const sending = link.sendMany(1, 1000);
  for (let i = 0; i < 4; i++) await link.pass(200);
  assert.deepEqual(link.sent, [{ connection: 1, type: "0" }]);
  resolve();
  await sending;
  assert.equal(link.sent.length, 1);
});

import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";
import { isSkeinError, SkeinError } from "../../../src/base/errors.ts";
import { swarmTest, until } from "./swarm.ts";

swarmTest("two nodes authenticate and tell their handlers", async (swarm) => {
  const a = await swarm.add("Alice"), b = await swarm.add("Bob");
  const seen: [string, boolean][] = [];
  a.network.transport.onPeer((peer, isUp) => seen.push([peer, isUp]));
  assert.equal(await b.network.dial(a.network.listenAddrs[0]), a.signer.hotkey);
  await until(() => a.network.transport.connected().length === 1, "A knows B");
  assert.deepEqual(a.network.transport.connected(), [b.signer.hotkey]);
  assert.deepEqual(b.network.transport.connected(), [a.signer.hotkey]);
  assert.deepEqual(seen, [[b.signer.hotkey, true]]);
  assert.equal(a.network.peersSeen()[0].peerId, b.network.peerId);
  await b.network.stop();
  await until(() => seen.length === 2, "A sees B go");
  assert.deepEqual(seen[1], [b.signer.hotkey, false]);
});

swarmTest("messages of one type keep their order on both lanes, and bodies arrive whole", async (swarm) => {
  const a = await swarm.add("Alice"), b = await swarm.add("Bob");
  await b.network.dial(a.network.listenAddrs[0]);
  const control: number[] = [], bulk: number[] = [];
  let big: Uint8Array | undefined;
  a.network.transport.onMessage(
    "note",
    (_from, message) => void control.push(message.header.index as number),
  );
  a.network.transport.onMessage("chunk", async (_from, message) => {
    bulk.push(message.header.index as number);
    if (message.header.index === 7) big = message.body;
    await systemClock.sleep(1);
  });
  const body = Uint8Array.from({ length: 2 << 20 }, (_, i) => (i * 31) & 255);
  const sends: Promise<void>[] = [];
  for (let index = 0; index < 20; index++) {
    sends.push(b.network.transport.send(a.signer.hotkey, { type: "note", header: { index } }));
    const part = index === 7 ? body : new Uint8Array(100_000).fill(index);
    sends.push(b.network.transport.send(a.signer.hotkey, { type: "chunk", header: { index }, body: part }));
  }
  await Promise.all(sends);
  await until(() => control.length === 20 && bulk.length === 20, "all messages arrived");
  const inOrder = Array.from({ length: 20 }, (_, i) => i);
  assert.deepEqual(control, inOrder);
  assert.deepEqual(bulk, inOrder);
  assert.deepEqual(big, body);
  assert.ok(a.network.transport.traffic().receivedBytes > (2 << 20) + 19 * 100_000);
  await until(
    () => a.network.transport.traffic().receivedBytes === b.network.transport.traffic().sentBytes,
    "both ends count the same bytes",
  );
});

swarmTest("a handler that does not return holds its sender back while control goes on", async (swarm) => {
  const a = await swarm.add("Alice"), b = await swarm.add("Bob");
  await b.network.dial(a.network.listenAddrs[0]);
  const gate = Promise.withResolvers<void>();
  let received = 0, isNoted = false;
  a.network.transport.onMessage("chunk", async () => {
    received++;
    await gate.promise;
  });
  a.network.transport.onMessage("note", () => void (isNoted = true));
  let taken = 0;
  const total = 24;
  const sends = Array.from(
    { length: total },
    () =>
      b.network.transport.send(a.signer.hotkey, { type: "chunk", header: {}, body: new Uint8Array(1 << 20) })
        .then(() => taken++),
  );
  await until(() => received === 1, "the first chunk is being handled");
  await b.network.transport.send(a.signer.hotkey, { type: "note", header: {} });
  await until(() => isNoted, "the note has passed the chunks");
  await systemClock.sleep(300);
  assert.equal(received, 1);
  assert.ok(taken < 14, `${taken} of ${total} MiB were taken from the sender although nobody reads`);
  gate.resolve();
  await Promise.all(sends);
  await until(() => received === total, "all chunks arrived");
});

swarmTest("a request is answered, and errors come back typed", async (swarm) => {
  const a = await swarm.add("Alice"), b = await swarm.add("Bob");
  await b.network.dial(a.network.listenAddrs[0]);
  const ask = (type: string, options = {}) =>
    b.network.transport.request(a.signer.hotkey, { type, header: { x: 20 }, body: new Uint8Array([1]) }, {
      maxBodyBytes: 1000,
      timeoutMs: 2000,
      ...options,
    });
  a.network.transport.onRequest("double", async (from, message) => {
    assert.equal(from, b.signer.hotkey);
    return { type: "doubled", header: { x: 2 * (message.header.x as number) }, body: message.body };
  });
  a.network.transport.onRequest("fail", async () => {
    throw new SkeinError("state/absent", "find leaf 3: not here, ask another", { leaf: 3 });
  });
  a.network.transport.onRequest("hang", () => new Promise(() => {}));
  a.network.transport.onRequest("large", async () => ({ type: "l", header: {}, body: new Uint8Array(1001) }));

  const answer = await ask("double");
  assert.deepEqual([answer.type, answer.header, [...answer.body!]], ["doubled", { x: 40 }, [1]]);
  const many = await Promise.all(Array.from({ length: 100 }, () => ask("double")));
  assert.equal(many.length, 100);
  await assert.rejects(
    ask("fail"),
    (error) =>
      isSkeinError(error, "state/absent") && error.payload.leaf === 3 &&
      error.message.startsWith("find leaf 3"),
  );
  await assert.rejects(ask("unknown"), (error) => isSkeinError(error, "net/no-handler"));
  await assert.rejects(ask("hang", { timeoutMs: 100 }), (error) => isSkeinError(error, "net/timeout"));
  await assert.rejects(ask("large"), (error) => isSkeinError(error, "net/frame-oversized"));
  assert.deepEqual(b.network.transport.offences(), { [a.signer.hotkey]: { "net/frame-oversized": 1 } });
  assert.deepEqual(a.network.transport.offences(), {});
  await assert.rejects(
    b.network.transport.request("nobody", { type: "x", header: {} }, { maxBodyBytes: 0, timeoutMs: 100 }),
    (error) => isSkeinError(error, "net/not-connected"),
  );
});

swarmTest("both may dial at once, and messages pass both ways", async (swarm) => {
  const a = await swarm.add("Alice"), b = await swarm.add("Bob");
  let count = 0;
  for (const node of [a, b]) node.network.transport.onMessage("hi", () => void count++);
  await Promise.all([a.network.dial(b.network.listenAddrs[0]), b.network.dial(a.network.listenAddrs[0])]);
  await a.network.transport.send(b.signer.hotkey, { type: "hi", header: {} });
  await b.network.transport.send(a.signer.hotkey, { type: "hi", header: {} });
  await until(() => count === 2, "both greetings arrived");
  assert.equal(a.network.transport.connected().length, 1);
});

swarmTest("a peer that went away is dialed again when it is back", async (swarm) => {
  const a = await swarm.add("Alice");
  const b = await swarm.add("Bob");
  const addr = b.network.listenAddrs[0];
  a.network.keepConnected(new Map([[b.signer.hotkey, [addr]]]));
  await until(() => a.network.transport.connected().length === 1, "A dialed B");
  await b.network.stop();
  await until(() => a.network.transport.connected().length === 0, "A sees B go");
  await assert.rejects(
    a.network.transport.send(b.signer.hotkey, { type: "hi", header: {} }),
    (error) => isSkeinError(error, "net/not-connected"),
  );
  const again = await swarm.add("Bob", { listen: [addr.split("/p2p/")[0]] });
  a.network.keepConnected(new Map([[again.signer.hotkey, again.network.listenAddrs]]));
  await until(() => a.network.transport.connected().length === 1, "A dialed B again");
  let isHeard = false;
  again.network.transport.onMessage("hi", () => void (isHeard = true));
  await a.network.transport.send(again.signer.hotkey, { type: "hi", header: {} });
  await until(() => isHeard, "the message came over the new connection");
});

swarmTest("an address that is taken is a typed error that names it", async (swarm) => {
  const a = await swarm.add("Alice");
  const taken = a.network.listenAddrs[0].replace(/\/p2p\/.*/, "");
  await assert.rejects(
    swarm.add("Bob", { listen: [taken] }),
    (error) => isSkeinError(error, "net/listen-failed") && error.message.includes(taken),
  );
});

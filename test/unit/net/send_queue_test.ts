/** What waits for one peer: who goes first, who may leave, how many may wait, and when bodies are made. */
import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import type { Message } from "../../../src/base/transport.ts";
import { LANE_PROTOCOLS } from "../../../src/net/protocols.ts";
import { MAX_QUEUED, SendQueue } from "../../../src/net/send_queue.ts";
import { FakePeer } from "./fake_peer.ts";

/** A message whose body counts how often it is made. */
function lazy(type: string, more: Partial<Message> = {}): { message: Message; made: () => number } {
  let count = 0;
  const message = Object.defineProperty({ type, header: {}, ...more }, "body", {
    enumerable: true,
    get: () => {
      count++;
      return new Uint8Array(10);
    },
  }) as Message;
  return { message, made: () => count };
}

const settled = () => systemClock.sleep(1);

Deno.test("a body that is made when read is made once, ordered or not, and chooses its lane unmade", async () => {
  const peer = new FakePeer();
  const ordered = lazy("ordered"), unordered = lazy("unordered", { isUnordered: true });
  await peer.link.send(ordered.message);
  await peer.link.send(unordered.message);
  await peer.link.send({ type: "note", header: {} });
  assert.deepEqual([ordered.made(), unordered.made()], [1, 1]);
  const protocols = peer.streams.map(({ protocol }) => protocol);
  assert.deepEqual(protocols, [LANE_PROTOCOLS.bulk, LANE_PROTOCOLS.bulk, LANE_PROTOCOLS.control]);
});

Deno.test("an ordered body is not made before its turn", async () => {
  const peer = new FakePeer();
  peer.isReading = false;
  const first = lazy("chunk"), second = lazy("chunk");
  const sends = [peer.link.send(first.message), peer.link.send(second.message)];
  await settled();
  assert.deepEqual([first.made(), second.made()], [1, 0]);
  peer.read();
  await Promise.all(sends);
  assert.deepEqual([first.made(), second.made()], [1, 1]);
});

Deno.test("a frame that goes out once more, on another connection, is not made again", async () => {
  const peer = new FakePeer();
  const other = peer.connect();
  peer.isReading = false;
  const chunk = lazy("chunk", { isUnordered: true });
  const sending = peer.link.send(chunk.message);
  await settled();
  const { connection } = peer.streams[0];
  assert.notEqual(connection, other);
  peer.isReading = true;
  connection.abort(new Error("it broke"));
  await sending;
  assert.deepEqual(peer.types(), ["chunk", "chunk"]);
  assert.equal(chunk.made(), 1);
});

for (const isUnordered of [true, false]) {
  const kind = isUnordered ? "unordered" : "ordered";
  Deno.test(`${kind} messages that are aborted leave at once, though the peer reads nothing`, async () => {
    const peer = new FakePeer();
    peer.isReading = false;
    const abort = new AbortController();
    const begun = peer.link.send({ type: "begun", header: {}, body: new Uint8Array(1), isUnordered });
    await settled();
    const sends = Array.from({ length: 100 }, () => lazy("late", { isUnordered }));
    let over = 0;
    for (const { message } of sends) {
      peer.link.send(message, abort.signal).catch((error) => over += error === abort.signal.reason ? 1 : 0);
    }
    await settled();
    abort.abort(new Error("the attempt is over"));
    await settled();
    assert.equal(over, 100);
    assert.equal(sends.reduce((sum, { made }) => sum + made(), 0), 0);
    peer.read();
    await begun;
    assert.deepEqual(peer.types(), ["begun"]);
  });
}

Deno.test("urgent messages go first, each class in its order; ordered ones are never overtaken", async () => {
  const peer = new FakePeer();
  peer.isReading = false;
  const body = new Uint8Array(1);
  const sends = [peer.link.send({ type: "begun", header: {}, body, isUnordered: true })];
  await settled();
  for (const type of ["chunk 1", "result 1", "chunk 2", "result 2", "result 3", "chunk 3"]) {
    const isUrgent = type.startsWith("result");
    sends.push(peer.link.send({ type, header: {}, body, isUnordered: true, isUrgent }));
  }
  peer.read();
  await Promise.all(sends);
  const expected = ["begun", "result 1", "result 2", "result 3", "chunk 1", "chunk 2", "chunk 3"];
  assert.deepEqual(peer.types(), expected);
  const queue = new SendQueue();
  void queue.push({ type: "first", header: {} });
  void queue.push({ type: "second", header: {}, isUrgent: true });
  assert.equal(queue.take()!.isUrgent, false);
});

Deno.test("more than so many messages for one peer are refused, typed, until it has taken some", async () => {
  const queue = new SendQueue();
  const waiting = Array.from({ length: MAX_QUEUED }, () => queue.push({ type: "chunk", header: {} }));
  await assert.rejects(
    queue.push({ type: "chunk", header: {} }),
    (error) => isSkeinError(error, "net/queue-full"),
  );
  queue.take()!.resolve();
  const last = queue.push({ type: "chunk", header: {} });
  queue.rejectAll(new Error("down"));
  const outcomes = await Promise.allSettled([...waiting, last]);
  assert.equal(outcomes.filter(({ status }) => status === "rejected").length, MAX_QUEUED);
  assert.equal(queue.length, 0);
});

import assert from "node:assert/strict";
import type { AllReduce, Observation } from "../../../src/allreduce/allreduce.ts";
import { sha256Sync, toHex } from "../../../src/base/bytes.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { Message, Transport } from "../../../src/base/transport.ts";
import { WaypointCollector } from "../../../src/node/waypoint_collector.ts";

const BYTES = 1000;
const waypoint = (n: number) => new Uint8Array(BYTES).fill(n);
const digestOf = (n: number) => toHex(sha256Sync(waypoint(n)));

/** Miners answer when the test says so. */
class Miners {
  readonly asked: { to: string; answer(n: number): void; isAborted(): boolean }[] = [];
  underWay = 0;
  maxUnderWay = 0;
  #observe: (observation: Observation) => void = () => {};
  readonly signal = new AbortController();

  collector(encodedBytes = BYTES): WaypointCollector {
    const allReduce = {
      observe: (handler: (observation: Observation) => void) => {
        this.#observe = handler;
        return () => this.#observe = () => {};
      },
    } as unknown as AllReduce;
    const request: Transport["request"] = (to, _message, { signal }) => {
      this.maxUnderWay = Math.max(this.maxUnderWay, ++this.underWay);
      const { promise, resolve, reject } = Promise.withResolvers<Message>();
      signal!.addEventListener("abort", () => reject(signal!.reason));
      this.asked.push({
        to,
        answer: (n) => resolve({ type: "waypoint-range", header: {}, body: waypoint(n) }),
        isAborted: () => signal!.aborted,
      });
      return promise.finally(() => this.underWay--);
    };
    const transport = { request } as unknown as Transport;
    const deps = { allReduce, transport, log: silentLog, signal: this.signal.signal };
    return new WaypointCollector(1, encodedBytes, deps);
  }

  ready(n: number, hotkey = "alice", outerStep = 1): void {
    const ready = { hotkey, outerStep, waypointDigest: digestOf(n) };
    this.#observe({ kind: "ready", ready } as unknown as Observation);
  }

  answer(at: number, n: number): void {
    this.asked[at].answer(n);
  }

  /** Digests are computed on another thread: what follows from them comes some time. */
  async until(askedCount: number): Promise<void> {
    for (let tries = 0; this.asked.length < askedCount && tries < 1000; tries++) await systemClock.sleep(5);
    assert.equal(this.asked.length, askedCount);
  }
}

Deno.test("a miner that signs a thousand digests has one download under way, and the last one comes next", async () => {
  const miners = new Miners();
  const collector = miners.collector();
  for (let n = 1; n <= 200; n++) for (let again = 0; again < 5; again++) miners.ready(n);
  miners.ready(7, "bob");
  miners.ready(8, "alice", 2);
  assert.deepEqual(miners.asked.map(({ to }) => to), ["alice", "bob", "alice"]);
  miners.answer(0, 1);
  await miners.until(4);
  miners.answer(3, 200);
  assert.deepEqual(await collector.get("alice", 1, digestOf(200)), waypoint(200));
  assert.equal(miners.asked.length, 4, "the digests between are nobody's any more");
  assert.equal(miners.maxUnderWay, 3);
  collector.close();
});

Deno.test("a digest that comes back before the former ended is not fetched again", async () => {
  const miners = new Miners();
  const collector = miners.collector();
  for (const n of [1, 2, 1]) miners.ready(n);
  miners.answer(0, 1);
  assert.deepEqual(await collector.get("alice", 1, digestOf(1)), waypoint(1));
  assert.equal(miners.asked.length, 1);
  collector.close();
});

Deno.test("the committed digest takes the place of what is under way, and later ones change nothing", async () => {
  const miners = new Miners();
  const collector = miners.collector();
  for (const n of [1, 2, 3]) miners.ready(n);
  const got = collector.get("alice", 1, digestOf(2));
  await miners.until(2);
  miners.ready(4);
  assert.deepEqual(miners.asked.map(({ isAborted }) => isAborted()), [true, false]);
  miners.answer(1, 2);
  assert.deepEqual(await got, waypoint(2));
  miners.ready(5);
  assert.deepEqual([miners.asked.length, miners.maxUnderWay], [2, 1]);
  collector.close();
});

Deno.test("what failed is asked for again; bytes that were not signed are none", async () => {
  const miners = new Miners();
  const collector = miners.collector();
  miners.ready(1);
  miners.answer(0, 9);
  const got = collector.get("alice", 1, digestOf(1));
  await miners.until(2);
  miners.answer(1, 1);
  assert.deepEqual(await got, waypoint(1));
  const wrong = collector.get("bob", 1, digestOf(1));
  await miners.until(3);
  miners.answer(2, 2);
  assert.equal(await wrong, undefined);
  collector.close();
});

Deno.test("earlier steps and a collector that is closed stop their downloads; far steps begin none", async () => {
  const miners = new Miners();
  const collector = miners.collector();
  miners.ready(1);
  miners.ready(2, "alice", 2);
  miners.ready(3, "alice", 3);
  assert.equal(miners.asked.length, 2);
  collector.moveTo(2);
  assert.deepEqual(miners.asked.map(({ isAborted }) => isAborted()), [true, false]);
  miners.ready(1);
  assert.equal(miners.asked.length, 2);
  miners.ready(3, "alice", 3);
  collector.close();
  assert.deepEqual(miners.asked.map(({ isAborted }) => isAborted()), [true, true, true]);
  miners.ready(4, "bob", 2);
  assert.equal(miners.asked.length, 3);
});

Deno.test("what is kept is bounded by bytes; the rest is fetched when it is judged", async () => {
  const miners = new Miners();
  const collector = miners.collector(3 * 2 ** 29); // two of them fit 4 GiB
  for (const hotkey of ["alice", "bob", "carol"]) miners.ready(1, hotkey);
  assert.deepEqual(miners.asked.map(({ to }) => to), ["alice", "bob"]);
  collector.close();
});

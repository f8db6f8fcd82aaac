/** The emulated links by themselves: packets, times and queues, no sockets. */
import assert from "node:assert/strict";
import { Star } from "../../../bench/link/star.ts";
import { Random } from "../../../src/base/random.ts";

const LINK = { upBytesPerSec: 1000, downBytesPerSec: 500 };
const star = (options: { loss?: number; queueBytes?: number } = {}) => {
  const free: number[] = [];
  const made = new Star(
    { links: [LINK, LINK, LINK], oneWayDelayMs: 25, loss: 0, queueBytes: 1000, ...options },
    new Random(1),
    1000,
    (slot) => free.push(slot),
  );
  return { star: made, free };
};

function arrivals(of: Star, untilMs: number): { to: number; slot: number; atMs: number }[] {
  const found: { to: number; slot: number; atMs: number }[] = [];
  for (let nowMs = 0; nowMs <= untilMs; nowMs++) {
    of.advance(nowMs, (to, slot) => found.push({ to, slot, atMs: nowMs }));
  }
  return found;
}

Deno.test("a packet takes its uplink, the delay and its downlink", () => {
  const { star: links, free } = star();
  links.send(0, 1, 7, 100, 0);
  assert.equal(links.nextMs(), 125);
  assert.deepEqual(arrivals(links, 1000), [{ to: 1, slot: 7, atMs: 100 + 25 + 200 }]);
  assert.deepEqual(free, [7]);
  assert.equal(links.nextMs(), Infinity);
});

Deno.test("packets of one member queue behind each other, those of two meet at the receiver", () => {
  const { star: links } = star();
  links.send(0, 2, 1, 100, 0);
  links.send(0, 2, 2, 100, 0);
  links.send(1, 2, 3, 100, 0);
  // Up at 100, 200 and 100; down from 125, one after the other, 200 each.
  assert.deepEqual(arrivals(links, 2000).map(({ slot, atMs }) => [slot, atMs]), [[1, 325], [3, 525], [
    2,
    725,
  ]]);
});

Deno.test("a packet that finds a full queue is dropped, and its slot is free again", () => {
  const { star: links, free } = star({ queueBytes: 250 });
  for (let slot = 0; slot < 6; slot++) links.send(0, 1, slot, 100, 0);
  assert.equal(links.stats.dropped, 3);
  assert.deepEqual(free, [3, 4, 5]);
});

Deno.test("loss is drawn for each packet, takes no rate, and is counted", () => {
  const { star: links } = star({ loss: 0.1, queueBytes: 1e9 });
  for (let i = 0; i < 20_000; i++) {
    links.send(0, 1, 0, 1, 1000 * i);
    links.advance(1000 * i + 900, () => {});
  }
  assert.ok(
    Math.abs(links.stats.lost - 2000) < 150,
    `${links.stats.lost} lost, 2000 ± 3.5 deviations required`,
  );
  assert.equal(links.stats.delivered, 20_000 - links.stats.lost);
});

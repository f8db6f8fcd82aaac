import assert from "node:assert/strict";
import { Random } from "../../../src/base/random.ts";
import { FlowWindow, LEAST_WINDOW_BYTES } from "../../../src/net/flow_window.ts";

const CHUNK = 128 * 1024;

/**
 * A connection that carries `bytesPerMs` after `delayMs`; receipts come back at once.
 * @returns the most bytes that were on their way in the second half of `count` messages
 */
function mostUnderWay(bytesPerMs: number, delayMs: number, count: number): number {
  const flow = new FlowWindow();
  const underWay: { at: number; n: number; isAsking: boolean }[] = [];
  let nowMs = 0, freeMs = 0, most = 0;
  for (let n = 1; n <= count; n++) {
    while (!flow.hasRoom) {
      const next = underWay.shift();
      assert.ok(next, "there is room, or a receipt is to come");
      nowMs = Math.max(nowMs, next.at);
      if (next.isAsking) flow.receipt(next.n, nowMs);
    }
    freeMs = Math.max(freeMs, nowMs) + CHUNK / bytesPerMs;
    const isAsking = flow.sent(CHUNK, nowMs);
    underWay.push({ at: freeMs + delayMs, n, isAsking });
    const unread = underWay.filter(({ at }) => at > nowMs).length * CHUNK;
    if (n > count / 2) most = Math.max(most, unread);
  }
  return most;
}

Deno.test("a connection that loses packets holds two chunks and the one that is being written", () => {
  assert.equal(mostUnderWay(300, 50, 200), LEAST_WINDOW_BYTES);
});

Deno.test("one that is fast and long is filled", () => {
  const bytesPerMs = 50_000, delayMs = 200;
  const most = mostUnderWay(bytesPerMs, delayMs, 2000);
  assert.ok(most > 0.9 * bytesPerMs * delayMs, `${most} bytes are under way`);
});

Deno.test("a receipt of what was not sent, or told already, is refused", () => {
  for (const readCount of [3, -1, 1.5, NaN, Infinity, "1", undefined, null]) {
    const flow = new FlowWindow();
    flow.sent(CHUNK, 0);
    flow.sent(CHUNK, 0);
    assert.throws(() => flow.receipt(readCount, 1), { code: "net/frame-malformed" }, String(readCount));
  }
  const flow = new FlowWindow();
  flow.sent(CHUNK, 0);
  flow.receipt(1, 1);
  for (const told of [1, 0]) assert.throws(() => flow.receipt(told, 2), { code: "net/frame-malformed" });
});

Deno.test("whoever may not send awaits a receipt, however the window shrinks and grows", () => {
  const flow = new FlowWindow();
  const random = new Random(7);
  const asked: number[] = [];
  let sent = 0, nowMs = 0, stops = 0;
  for (let step = 0; step < 5000; step++) {
    if (flow.hasRoom && random.nextBelow(8) > 0) {
      const isAsking = flow.sent(1 + random.nextBelow(4 * CHUNK), nowMs);
      if (random.nextBelow(10) === 0) flow.unsent();
      else if (++sent && isAsking) asked.push(sent);
      continue;
    }
    if (!flow.hasRoom) {
      stops++;
      assert.ok(asked.length > 0, `after ${sent} messages nothing would open the window`);
    }
    nowMs += random.nextBelow(1000);
    if (asked.length > 0) flow.receipt(asked.shift(), nowMs);
  }
  assert.ok(stops > 100, `${stops} stops`);
});

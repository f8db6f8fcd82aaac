import assert from "node:assert/strict";
import type { Connection } from "@libp2p/interface";
import { Infrastructure } from "../../../src/net/infrastructure.ts";
import { VirtualClock } from "../../simulation/virtual_clock.ts";

class FakeConnection extends EventTarget {
  status = "open";
  streams: unknown[] = [{}];
  remotePeer: string;

  constructor(peer: string) {
    super();
    this.remotePeer = peer;
  }

  async close(): Promise<void> {
    if (this.status !== "open") return;
    this.status = "closed";
    this.dispatchEvent(new Event("close"));
  }
}

function keepOpen(infrastructure: Infrastructure, count: number): FakeConnection[] {
  const connections = Array.from({ length: count }, (_, i) => new FakeConnection(`relay ${i}`));
  for (const each of connections) infrastructure.keep(each as unknown as Connection);
  return connections.filter(({ status }) => status === "open");
}

Deno.test("64 unnamed relays are kept at once, however many went before they were", async () => {
  const infrastructure = new Infrastructure([], new VirtualClock());
  for (let i = 0; i < 200; i++) {
    const gone = new FakeConnection(`gone ${i}`);
    await gone.close();
    infrastructure.keep(gone as unknown as Connection);
  }
  const kept = keepOpen(infrastructure, 70);
  assert.equal(kept.length, 64);
  for (const each of kept.slice(0, 10)) await each.close();
  assert.equal(keepOpen(infrastructure, 20).length, 10);
});

Deno.test("an unnamed relay stays while it carries a stream, a named one for good", async () => {
  const clock = new VirtualClock();
  const infrastructure = new Infrastructure(["named"], clock);
  const named = new FakeConnection("named"),
    busy = new FakeConnection("busy"),
    idle = new FakeConnection("idle");
  named.streams = idle.streams = [];
  for (const each of [named, busy, idle]) infrastructure.keep(each as unknown as Connection);
  await clock.advance(() => false, 600_000);
  assert.deepEqual([named.status, busy.status, idle.status], ["open", "open", "closed"]);
  busy.streams = [];
  await clock.advance(() => false, 700_000);
  assert.equal(busy.status, "closed");
});

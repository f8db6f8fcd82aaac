import assert from "node:assert/strict";
import { trustInterfaces } from "../../../src/net/trusted_interfaces.ts";

Deno.test("what a listener listens on is told from the start, and nothing after the stop", () => {
  const events = new EventTarget();
  const confirmed: unknown[] = [];
  const service = trustInterfaces()({
    events: events as never,
    addressManager: { confirmObservedAddr: (addr, { type }) => void confirmed.push([addr, type]) },
  });
  const listening = (addrs: string[]) =>
    events.dispatchEvent(new CustomEvent("transport:listening", { detail: { getAddrs: () => addrs } }));
  service.start();
  listening(["/ip4/203.0.113.7/tcp/4001", "/ip6/2001:db8::1/tcp/4001"]);
  assert.deepEqual(confirmed, [
    ["/ip4/203.0.113.7/tcp/4001", "transport"],
    ["/ip6/2001:db8::1/tcp/4001", "transport"],
  ]);
  service.stop();
  listening(["/ip4/203.0.113.8/tcp/4001"]);
  assert.equal(confirmed.length, 2);
});

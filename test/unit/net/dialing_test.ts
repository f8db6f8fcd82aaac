/** What a peer says of itself, where we dial it: nothing it can say may end the process. */
import assert from "node:assert/strict";
import { multiaddr } from "@multiformats/multiaddr";
import { systemClock } from "../../../src/base/clock.ts";
import { eventLog, type LogEvent } from "../../../src/base/log.ts";
import { dialMore } from "../../../src/net/dialing.ts";
import { parseHello, PROTOCOL_VERSION } from "../../../src/net/hello.ts";

const GOOD = "/ip4/127.0.0.1/tcp/4001";
const GARBAGE = ["not a multiaddr", "/ip4/999.1.1.1/tcp/1", "/ip4/1.2.3.4/tcp/70000", "/new-protocol/1", "/"];

const dialing = (dial: (addrs: unknown[]) => unknown, events: LogEvent[] = []) => ({
  host: { dial: async (addrs: unknown[]) => dial(addrs) } as never,
  gatekeeper: { greet: async () => {} } as never,
  clock: systemClock,
  log: eventLog((event) => events.push(event), { debug: true }),
});

const linkOf = (listenAddrs: string[], connections: unknown[] = [{ direction: "inbound" }]) =>
  ({ connections, hello: { hotkey: "Mallory", listenAddrs } }) as never;

Deno.test("addresses that are none are left out of a hello, and the hello stands", () => {
  const hello = parseHello({
    protocolVersion: PROTOCOL_VERSION,
    runId: "ab",
    runDescription: "",
    hotkey: "Mallory",
    role: "miner",
    listenAddrs: [GARBAGE[0], GOOD, ...GARBAGE],
    binding: { peerId: "x", netuid: 1, notAfterMs: 1, signature: new Uint8Array(64) },
  });
  assert.deepEqual(hello.listenAddrs, [GOOD]);
});

Deno.test("a hello whose list is none is refused by a typed error, whatever it is instead", () => {
  for (const listenAddrs of [undefined, 7, {}, { length: { toString: 1 } }]) {
    assert.throws(() => parseHello({ listenAddrs }), { code: "net/frame-malformed" });
  }
});

Deno.test("dialing once more where nothing can be dialed is told and over", async () => {
  const events: LogEvent[] = [];
  let dials = 0;
  await dialMore(linkOf(GARBAGE.slice(0, 1)), 2, dialing(() => dials++, events));
  assert.equal(dials, 0);
  assert.equal(events.length, 2);
  assert.match(String(events[0].message), /dial Mallory once more/);
});

Deno.test("it is dialed again where we reached it, else where it listens, never through a relay", async () => {
  const dialed: string[] = [];
  const note = (addrs: unknown[]) => void dialed.push(addrs.map(String).join());
  const circuit = `${GOOD}/p2p/12D3KooWNvSZnPi3RrhrTwEY4LuuBeB6K6facKUCJcyWG1aoDd2p/p2p-circuit`;
  await dialMore(linkOf([GOOD, circuit]), 1, dialing(note));
  const outbound = { direction: "outbound", remoteAddr: multiaddr("/ip4/127.0.0.1/tcp/5") };
  await dialMore(linkOf([GOOD], [{ direction: "inbound" }, outbound]), 2, dialing(note));
  await dialMore(linkOf([circuit]), 1, dialing(note));
  assert.deepEqual(dialed, [GOOD, "/ip4/127.0.0.1/tcp/5", "/ip4/127.0.0.1/tcp/5"]);
});

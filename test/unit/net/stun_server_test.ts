import assert from "node:assert/strict";
import { createSocket, Socket } from "node:dgram";
import { eventLog, type LogEvent, silentLog } from "../../../src/base/log.ts";
import { serveStun, stunAnswer, stunUrlOf } from "../../../src/net/stun_server.ts";

const hex = (text: string) => Uint8Array.from(text.match(/../g)!, (byte) => parseInt(byte, 16));
/** Transaction id, and the addresses, of RFC 5769's sample responses. */
const TRANSACTION = "b7e7a701bc34d686fa87dfae";
const REQUEST = hex(`000100002112a442${TRANSACTION}`);

Deno.test("the address that is seen is answered as in RFC 5769's samples", () => {
  const v4 = stunAnswer(REQUEST, { address: "192.0.2.1", port: 32853 });
  assert.deepEqual(v4, hex(`0101000c2112a442${TRANSACTION}002000080001a147e112a643`));
  const v6 = stunAnswer(REQUEST, { address: "2001:db8:1234:5678:11:2233:4455:6677", port: 32853 });
  assert.deepEqual(
    v6,
    hex(`010100182112a442${TRANSACTION}002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9`),
  );
  assert.equal(stunAnswer(REQUEST, { address: "::1%lo", port: 1 })?.length, 44);
});

Deno.test("whatever is no binding request gets no answer", () => {
  const from = { address: "192.0.2.1", port: 1 };
  const broken = [new Uint8Array(0), REQUEST.subarray(0, 19), new Uint8Array(20), new Uint8Array(2000)];
  for (const at of [0, 1, 2, 3, 4, 7]) {
    const changed = REQUEST.slice();
    changed[at] ^= 0x40;
    broken.push(changed);
  }
  for (const request of broken) assert.equal(stunAnswer(request, from), undefined);
});

Deno.test("a relay's address says where it answers", () => {
  assert.equal(stunUrlOf("/ip4/203.0.113.7/tcp/4001/p2p/12D3KooWRe1ay"), "stun:203.0.113.7:4001");
  assert.equal(stunUrlOf("/ip6/2001:db8::1/tcp/4001/p2p/12D3KooWRe1ay"), "stun:[2001:db8::1]:4001");
  assert.equal(
    stunUrlOf("/dns4/relay.example.org/tcp/4001/p2p/12D3KooWRe1ay"),
    "stun:relay.example.org:4001",
  );
  assert.equal(stunUrlOf("/ip4/203.0.113.7/tcp/4001/ws/p2p/12D3KooWRe1ay"), undefined);
});

Deno.test("it answers by UDP on the port that it is named by, and on no other", async () => {
  const tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = tcp.addr as Deno.NetAddr;
  const stop = await serveStun(
    [`/ip4/127.0.0.1/tcp/${port}/p2p/12D3KooWRe1ay`, "/ip4/127.0.0.1/tcp/1/ws"],
    silentLog,
  );
  const client = createSocket("udp4");
  try {
    const answer = new Promise<Uint8Array>((resolve) => client.on("message", (bytes) => resolve(bytes)));
    client.send(REQUEST, port, "127.0.0.1");
    const seen = await answer;
    const own = client.address().port;
    assert.deepEqual(new Uint8Array(seen), stunAnswer(REQUEST, { address: "127.0.0.1", port: own }));
  } finally {
    client.close();
    stop();
    tcp.close();
  }
});

Deno.test("a port that is taken is told, and its socket is closed", async () => {
  const taken = createSocket("udp4");
  await new Promise<void>((resolve) => taken.bind(0, "127.0.0.1", resolve));
  const close = Socket.prototype.close;
  let closed = 0;
  Socket.prototype.close = function (...args) {
    closed++;
    return close.apply(this, args);
  };
  const texts: LogEvent[] = [];
  try {
    const log = eventLog((event) => texts.push(event));
    const stop = await serveStun([`/ip4/127.0.0.1/tcp/${taken.address().port}`], log);
    assert.deepEqual([texts.length, closed], [1, 1]);
    assert.match(String(texts[0].message), /serve STUN at UDP 127\.0\.0\.1:\d+: .*free the port/);
    stop();
  } finally {
    Socket.prototype.close = close;
    taken.close();
  }
});

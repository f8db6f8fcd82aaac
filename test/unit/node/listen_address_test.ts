import assert from "node:assert/strict";
import { isSkeinError } from "../../../src/base/errors.ts";
import { listenMultiaddr } from "../../../src/node/listen_address.ts";

Deno.test("host:port becomes a multiaddr, and a multiaddr stays", () => {
  assert.equal(listenMultiaddr("0.0.0.0:4001"), "/ip4/0.0.0.0/tcp/4001");
  assert.equal(listenMultiaddr("[::1]:0"), "/ip6/::1/tcp/0");
  assert.equal(listenMultiaddr("/ip4/1.2.3.4/tcp/5"), "/ip4/1.2.3.4/tcp/5");
  assert.equal(listenMultiaddr("ws://0.0.0.0:4002"), "/ip4/0.0.0.0/tcp/4002/ws");
  assert.equal(listenMultiaddr("webrtc://[::]:4003"), "/ip6/::/udp/4003/webrtc-direct");
});

Deno.test("anything else is a typed error", () => {
  for (
    const text of [
      "",
      "4001",
      "localhost:1",
      "1.2.3.4",
      "1.2.3.4:70000",
      "::1:5",
      "1.2.3:1",
      "http://1.2.3.4:1",
    ]
  ) {
    assert.throws(
      () => listenMultiaddr(text),
      (error) => isSkeinError(error, "node/bad-listen-address"),
      text,
    );
  }
});

/** Where a channel is dialed, and what is taken for an offer. */
import assert from "node:assert/strict";
import { isSkeinError } from "../../../src/base/errors.ts";
import { offerOf, placeOf } from "../../../src/net/channel_offer.ts";

Deno.test("a member is dialed on the host at which it is reached, if that is by TCP", () => {
  const ip4 = (hostname: string) => ({ family: "ip4", hostname });
  const ip6 = (hostname: string) => ({ family: "ip6", hostname });
  assert.deepEqual(placeOf("/ip4/203.0.113.7/tcp/4001/p2p/12D3"), ip4("203.0.113.7"));
  assert.deepEqual(placeOf("/ip4/203.0.113.7/tcp/4002/ws"), ip4("203.0.113.7"));
  assert.deepEqual(placeOf("/ip6/2001:db8::7/tcp/4001"), ip6("2001:db8::7"));
  assert.deepEqual(placeOf("/ip6/::ffff:203.0.113.7/tcp/4001"), ip4("203.0.113.7"));
  assert.deepEqual(placeOf("/dns4/example.org/tcp/443/wss"), ip4("example.org"));
  for (
    const addr of [
      "/ip4/203.0.113.7/udp/4003/webrtc-direct",
      "/ip6zone/eth0/ip6/fe80::1/tcp/4001",
      "/ip6/fe80::1%eth0/tcp/4001",
      "/dns/example.org/tcp/443",
      "/ip4/203.0.113.7/tcp/x",
      "",
    ]
  ) assert.equal(placeOf(addr), undefined, addr);
});

Deno.test("what is no offer is refused, typed", () => {
  const offer = { ip4: 4005, ip6: 4005, certificate: "x", token: "0f".repeat(32) };
  assert.deepEqual(offerOf({ header: offer }), offer);
  const wrongs = [
    { ip4: 0 },
    { ip4: 65536 },
    { ip6: 1.5 },
    { certificate: "x".repeat(4097) },
    { certificate: undefined },
    { token: "0F".repeat(32) },
    { token: "0f".repeat(31) },
  ];
  for (const wrong of wrongs) {
    assert.throws(
      () => offerOf({ header: { ...offer, ...wrong } }),
      (error) => isSkeinError(error, "net/frame-malformed") && error.message.includes(Object.keys(wrong)[0]),
    );
  }
});

import assert from "node:assert/strict";
import {
  bestFirst,
  isRelayed,
  isWebrtcBySignalling,
  peerIdOf,
  relayPeerId,
} from "../../../src/net/addresses.ts";

const RELAY = "/ip4/1.2.3.4/tcp/4001/p2p/12D3KooWRe1ay";
const PEER = "/p2p/12D3KooWPeer";

Deno.test("direct public addresses come first, relayed ones last", () => {
  const addrs = [
    `${RELAY}/p2p-circuit${PEER}`,
    `/ip4/127.0.0.1/tcp/1${PEER}`,
    `${RELAY}/p2p-circuit/webrtc${PEER}`,
    `/ip4/192.168.1.5/tcp/1${PEER}`,
    `/ip4/8.8.8.8/udp/1/webrtc-direct/certhash/uX${PEER}`,
    `/ip6/fd00::1/tcp/1${PEER}`,
    `/dns4/example.org/tcp/1${PEER}`,
  ];
  assert.deepEqual(bestFirst(addrs), [addrs[4], addrs[6], addrs[3], addrs[5], addrs[1], addrs[2], addrs[0]]);
});

Deno.test("an address says whose it is and whether all of it is relayed", () => {
  assert.equal(peerIdOf(`${RELAY}/p2p-circuit${PEER}`), "12D3KooWPeer");
  assert.equal(peerIdOf("/ip4/1.2.3.4/tcp/1"), undefined);
  assert.equal(isRelayed(`${RELAY}/p2p-circuit${PEER}`), true);
  assert.equal(isRelayed(`${RELAY}/p2p-circuit/webrtc${PEER}`), false);
  assert.equal(isWebrtcBySignalling(`${RELAY}/p2p-circuit/webrtc${PEER}`), true);
  assert.equal(isWebrtcBySignalling(`/ip4/8.8.8.8/udp/1/webrtc-direct/certhash/uX${PEER}`), false);
});

Deno.test("a relay is named by an address of its own that ends in its peer id", () => {
  assert.equal(relayPeerId(RELAY), "12D3KooWRe1ay");
  for (const addr of ["/ip4/1.2.3.4/tcp/1", `${RELAY}/p2p-circuit${PEER}`, "relay.example.org"]) {
    assert.throws(() => relayPeerId(addr), { code: "net/bad-address" }, addr);
  }
});

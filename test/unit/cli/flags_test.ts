import assert from "node:assert/strict";
import {
  bulkPortFlag,
  chainFlag,
  listensByWebrtc,
  listFlag,
  multiaddrsFlag,
} from "../../../src/cli/flags.ts";

Deno.test("a flag given twice is a list of two", () => {
  assert.deepEqual(listFlag("b", listFlag("a", undefined)), ["a", "b"]);
});

Deno.test("multiaddrs are collected, also from one value with commas", () => {
  const [a, b, c] = ["/ip4/1.2.3.4/tcp/1", "/dns4/relay.example.org/tcp/2", "/ip6/::1/tcp/3"];
  assert.deepEqual(multiaddrsFlag(`${b}, ${c}`, multiaddrsFlag(a, undefined)), [a, b, c]);
  for (const text of ["1.2.3.4:1", "/tcp/1", `${a},x`]) {
    assert.throws(() => multiaddrsFlag(text, undefined), /multiaddr like/, text);
  }
});

Deno.test("listening by WebRTC asks for WebRTC", () => {
  assert.equal(listensByWebrtc(["0.0.0.0:1", "webrtc://0.0.0.0:2"]), true);
  assert.equal(listensByWebrtc(["/ip4/0.0.0.0/udp/2/webrtc-direct"]), true);
  assert.equal(listensByWebrtc(["0.0.0.0:1", "ws://0.0.0.0:2"]), false);
});

Deno.test("a bulk port is a port, or off", () => {
  assert.deepEqual(["4005", "65535", "off"].map(bulkPortFlag), [4005, 65535, "off"]);
  for (const text of ["0", "65536", "-1", "4005.5", "4005x", "", " 4005", "on"]) {
    assert.throws(() => bulkPortFlag(text), /from 1 to 65535, or "off"/, text);
  }
});

Deno.test("chain endpoints are collected, also from one value with commas; local stands alone", () => {
  const [a, b, c] = ["ws://127.0.0.1:9944", "wss://a.example.org:443", "wss://b.example.org"];
  assert.deepEqual(chainFlag(`${b}, ${c}`, chainFlag(a, undefined)), [a, b, c]);
  assert.deepEqual(chainFlag("local", undefined), ["local"]);
  for (const text of ["http://x", "x", "", `${a},`, `local,${a}`]) {
    assert.throws(() => chainFlag(text, undefined), /of one chain/, text);
  }
});

import { strict as assert } from "node:assert";
import { isOnThisMachine } from "../../../src/chain/networks.ts";

Deno.test("a chain is on this machine when each of its endpoints is, and a name that begins like one is not", () => {
  assert.ok(isOnThisMachine("ws://127.0.0.1:9944, ws://localhost:9945, ws://[::1]:9946, ws://127.8.9.1"));
  for (const url of ["ws://127.example.com", "ws://127.0.0.1.example.com", "wss://localhost.example.com"]) {
    assert.equal(isOnThisMachine(url), false, url);
    assert.equal(isOnThisMachine(`ws://127.0.0.1:9944, ${url}`), false, url);
  }
});

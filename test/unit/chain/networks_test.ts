import { strict as assert } from "node:assert";
import { systemClock } from "../../../src/base/clock.ts";
import { describeError } from "../../../src/base/errors.ts";
import { eventLog } from "../../../src/base/log.ts";
import { connectChain } from "../../../src/chain/client.ts";
import { isOnThisMachine, shownUrl } from "../../../src/chain/networks.ts";

Deno.test("a chain is on this machine when each of its endpoints is, and a name that begins like one is not", () => {
  assert.ok(isOnThisMachine("ws://127.0.0.1:9944, ws://localhost:9945, ws://[::1]:9946, ws://127.8.9.1"));
  for (const url of ["ws://127.example.com", "ws://127.0.0.1.example.com", "wss://localhost.example.com"]) {
    assert.equal(isOnThisMachine(url), false, url);
    assert.equal(isOnThisMachine(`ws://127.0.0.1:9944, ${url}`), false, url);
  }
});

Deno.test("an address is shown without what may be the key to it", () => {
  for (
    const plain of ["ws://127.0.0.1:9944", "wss://entrypoint-finney.opentensor.ai:443", "wss://a.example/"]
  ) {
    assert.equal(shownUrl(plain), plain);
  }
  for (const path of ["/SECRET", "/?apikey=SECRET", "/#SECRET"]) {
    assert.equal(shownUrl(`wss://a.example:99${path}`), "wss://a.example:99/…");
  }
  assert.equal(shownUrl("wss://me:SECRET@a.example"), "wss://a.example/…");
  assert.ok(isOnThisMachine(shownUrl("ws://localhost:1/SECRET")));
});

Deno.test("a node behind a key is connected to with it, and neither log nor error has it", async () => {
  const addresses: string[] = [];
  const told: string[] = [];
  const error = await connectChain(["ws://127.0.0.1/SECRET", "ws://127.0.0.2/?key=SECRET"], {
    clock: systemClock,
    log: eventLog((event) => void told.push(JSON.stringify(event))),
    openSocket: (address) => {
      addresses.push(address);
      throw new Error("refused");
    },
  }, { timeoutMs: 20 }).catch((error) => error);
  assert.deepEqual(addresses.slice(0, 2), ["ws://127.0.0.1/SECRET", "ws://127.0.0.2/?key=SECRET"]);
  const words = [...told, describeError(error), JSON.stringify(error.payload)].join();
  assert.match(words, /ws:\/\/127\.0\.0\.1\/…/);
  assert.doesNotMatch(words, /SECRET/);
});

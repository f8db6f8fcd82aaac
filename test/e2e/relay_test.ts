/** Miners that cannot be dialed, as real processes: they know a chain and a relay, and train together through it. */
import { strict as assert } from "node:assert";
import { type Event, withPrograms } from "./testnet.ts";

const TEST_MS = 55_000;

Deno.test("two miners in client mode train two rounds through a relay and agree on the roots", async () => {
  await withPrograms(async (start, dataDir) => {
    const chain = start(["chain", "--home", `${dataDir}/chain`, "--port", "0", "--json"]);
    const relay = start(["relay", "--home", `${dataDir}/relay`, "--listen", "127.0.0.1:0", "--json"]);
    const { url } = await chain.waitFor("the chain", (e) => e.event === "chain", TEST_MS);
    const { listen, peerId } = await relay.waitFor("the relay", (e) => e.event === "relay", TEST_MS);
    const miners = ["m1", "m2"].map((name) =>
      start([
        ...["miner", "--client", "--relay", (listen as string[])[0], "--chain", String(url)],
        ...["--home", `${dataDir}/${name}`, "--wait-for", "2", "--rounds", "2", "--json"],
      ])
    );
    const ends = await Promise.all(miners.map((miner) => miner.status));
    for (const [i, miner] of miners.entries()) {
      assert.equal(ends[i].code, 0, miner.stderr);
      const started = await miner.waitFor("the start", (e) => e.event === "started");
      const addrs = started.listen as string[];
      assert.ok(
        addrs.length > 0 && addrs.every((addr) => addr.includes(`/p2p/${peerId}/p2p-circuit`)),
        `${addrs}`,
      );
    }
    const rounds = (events: Event[]) => events.filter((e) => e.event === "round");
    const [ours, theirs] = miners.map((miner) => rounds(miner.events));
    assert.deepEqual(ours.map((e) => [e.outerStep, e.members]), [[1, 2], [2, 2]]);
    assert.deepEqual(ours.map((e) => e.root), theirs.map((e) => e.root));
    // Each sent the other its half and got its half back, reduced: nobody else was there to reduce.
    for (const { sentBytes, encodedBytes } of [...ours, ...theirs]) {
      assert.ok(Number(sentBytes) > Number(encodedBytes) / 2, `${sentBytes} bytes sent of ${encodedBytes}`);
    }
    relay.kill("SIGINT");
    assert.equal((await relay.status).code, 0, relay.stderr);
    assert.equal(relay.events.at(-1)?.event, "stopped");
  });
});

import assert from "node:assert/strict";
import { isSkeinError } from "../../../src/base/errors.ts";
import { swarmTest, until } from "./swarm.ts";

/** Accepts connections and never says a word: a dead address that costs a dialer its whole time-out. */
function startSilent(): { addr: string; stop: () => void } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken: Deno.Conn[] = [];
  (async () => {
    for await (const conn of listener) taken.push(conn);
  })().catch(() => {});
  return {
    addr: `/ip4/127.0.0.1/tcp/${(listener.addr as Deno.NetAddr).port}`,
    stop() {
      listener.close();
      for (const conn of taken) conn.close();
    },
  };
}

/** A port that was free a moment ago. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return (listener.addr as Deno.NetAddr).port;
}

swarmTest("dead bootstrap addresses cost nothing while one is alive", async (swarm) => {
  const silent = [startSilent(), startSilent(), startSilent()];
  try {
    const relay = await swarm.addRelay();
    const bootstrap = [
      ...silent.map(({ addr }) => addr),
      `/ip4/127.0.0.1/tcp/${freePort()}`,
      relay.listenAddrs[0],
    ];
    const a = await swarm.add("Alice", { bootstrap });
    const startMs = performance.now();
    assert.equal(await a.network.join(), relay.listenAddrs[0]);
    const tookMs = performance.now() - startMs;
    // One silent address alone takes six seconds to give up on.
    assert.ok(tookMs < 3000, `joined after ${tookMs} ms`);
    assert.deepEqual(a.events.filter((event) => event.event === "log"), []);
  } finally {
    for (const each of silent) each.stop();
  }
});

swarmTest(
  "a list that is dead altogether is one typed error, and the node joins when it is back",
  async (swarm) => {
    const port = freePort();
    const addr = `/ip4/127.0.0.1/tcp/${port}`;
    const a = await swarm.add("Alice", { bootstrap: [addr, `/ip4/127.0.0.1/tcp/${freePort()}`] });
    await assert.rejects(a.network.join(), (error) => {
      assert.ok(isSkeinError(error, "net/bootstrap-unreachable"), String(error));
      assert.ok(error.message.includes(addr) && error.message.includes("firewall"), error.message);
      return true;
    });
    const relay = await swarm.addRelay({ listen: [addr] });
    await until(() => relay.counts().connections === 1, "the node has joined by itself", 15);
    assert.deepEqual(a.events.filter((event) => event.event === "log"), []);
  },
);

swarmTest("who loses everybody tries the bootstrap addresses again and says so once", async (swarm) => {
  const identitySeed = new Uint8Array(32).fill(241);
  const relay = await swarm.addRelay({ identitySeed });
  const listen = [relay.listenAddrs[0].split("/p2p/")[0]];
  const a = await swarm.add("Alice", { bootstrap: listen });
  await a.network.join();
  await relay.stop();
  const told = () => a.events.filter((event) => event.code === "net/bootstrap-unreachable").length;
  await until(() => told() === 1, "the outage is told", 15);
  const again = await swarm.addRelay({ identitySeed, listen });
  await until(() => again.counts().connections === 1, "the node is back", 15);
  assert.equal(told(), 1);
});

swarmTest("a member may be the way in", async (swarm) => {
  const a = await swarm.add("Alice");
  const b = await swarm.add("Bob", { bootstrap: [a.network.listenAddrs[0]] });
  await b.network.join();
  await until(() => a.network.transport.connected().length === 1, "A knows B");
  assert.deepEqual(b.network.transport.connected(), [a.signer.hotkey]);
});

swarmTest("a relay's address without its peer id is refused at once", async (swarm) => {
  await assert.rejects(
    swarm.add("Alice", { relays: ["/ip4/127.0.0.1/tcp/4001"] }),
    (error) => isSkeinError(error, "net/bad-address") && error.message.includes("/p2p/"),
  );
});

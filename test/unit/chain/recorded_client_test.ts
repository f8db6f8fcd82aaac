/** The client, whole, on what a chain with the real runtime answered. */
import { strict as assert } from "node:assert";
import { TypeRegistry } from "@polkadot/types";
import { Metadata } from "@polkadot/types";
import { expandMetadata } from "@polkadot/types/metadata/decorate";
import { systemClock } from "../../../src/base/clock.ts";
import { fromUtf8, toHex } from "../../../src/base/bytes.ts";
import { silentLog } from "../../../src/base/log.ts";
import { type ChainClient, connectChain } from "../../../src/chain/client.ts";
import type { OpenSocket } from "../../../src/chain/link.ts";
import { metadataSpec293 } from "./recorded.ts";
import { RecordedNode } from "./recorded_node.ts";

const NETUID = 2;
const OWNER = "5FP6LeoMf1HQznLNZgGtwPL71aLNZwsFjWuk9zQQ6r562TkA";
const VALIDATOR = "5G7HzgVwt1mDYfAfULdukJiCRcGmbGLWWLYWkubXcqcfEgGs";
const MINERS = [
  "5DUtjfP2e2crHsviEkwBc6LbJHvh5tmKXiMibYDg5ppeaDmD",
  "5F2ThfEyoGBDLnF8FVLzgVZxQWg6NFUUhNSU1Q8VFD8CMUZb",
];

async function withRecording(
  node: RecordedNode,
  body: (client: ChainClient) => Promise<void>,
): Promise<void> {
  const client = await connectChain("ws://recorded", {
    clock: systemClock,
    log: silentLog,
    openSocket: node.openSocket,
  });
  try {
    await body(client);
  } finally {
    await client.close();
  }
}

/** The owner and the validator published nothing in the session; validators' trust is in its list of neurons. */
function knowWhatIsElsewhere(node: RecordedNode): void {
  const registry = new TypeRegistry();
  const metadata = new Metadata(registry, metadataSpec293() as `0x${string}`);
  registry.setMetadata(metadata);
  const { commitments, subtensorModule } = expandMetadata(registry, metadata).query;
  // Behind the length of the entry's key.
  const hex = (key: Uint8Array) => `0x${toHex(key.subarray(key[0] & 3 ? 2 : 1))}`;
  for (const hotkey of [OWNER, VALIDATOR]) node.know(hex(commitments.commitmentOf(NETUID, hotkey)), null);
  const trust = registry.createType("Vec<u16>", [0, 65535, 0, 0]);
  node.know(hex(subtensorModule.validatorTrust(NETUID)), trust.toHex());
}

Deno.test("the metagraph of the real runtime: who is there, what they published, and what the epoch gave them", async () => {
  const node = new RecordedNode(({ m }) => m.params?.[0] === "NeuronInfoRuntimeApi_get_neurons_lite");
  knowWhatIsElsewhere(node);
  await withRecording(node, async (client) => {
    const { neurons, netuid } = await client.metagraph(NETUID);
    assert.equal(netuid, NETUID);
    assert.deepEqual(neurons.map(({ uid, hotkey }) => [uid, hotkey]), [
      [0, OWNER],
      [1, VALIDATOR],
      [2, MINERS[0]],
      [3, MINERS[1]],
    ]);
    assert.ok(node.asked.includes("SubnetInfoRuntimeApi_get_metagraph"));
    assert.ok(!node.asked.includes("NeuronInfoRuntimeApi_get_neurons_lite"), "one whole answer is enough");
    const [owner, validator, first, second] = neurons;
    assert.deepEqual([first.incentive, second.incentive], [49151, 16383]);
    assert.deepEqual(first.axon, { ip: "203.0.113.1", port: 8092 });
    assert.deepEqual(second.axon, { ip: "203.0.113.2", port: 8093 });
    assert.deepEqual(validator.axon, { ip: "203.0.113.3", port: 8094 });
    assert.equal(owner.axon, null);
    assert.match(fromUtf8(first.commitment!), /^12D3KooWMiner1x+$/);
    assert.match(fromUtf8(second.commitment!), /^12D3KooWMiner2x+$/);
    assert.deepEqual([owner.commitment, validator.commitment], [null, null]);
    assert.equal(validator.hasValidatorPermit, true);
    assert.equal(validator.validatorTrust, 65535);
    assert.equal(validator.dividends, 65535);
    // 1000 TAO bought it at the price of the subnet's pool.
    assert.ok(validator.stake > 500n * 10n ** 9n, `${validator.stake} rao of the subnet's token`);
    assert.ok(first.emission > second.emission && second.emission > 0n, "emission follows incentive");
  });
  assert.deepEqual(node.refused, []);
});

Deno.test("registration, price and uids of the real runtime", async () => {
  const node = new RecordedNode();
  await withRecording(node, async (client) => {
    assert.equal(client.genesisHash, `0x${"45".repeat(32)}`);
    assert.equal(client.block(), 87);
    assert.equal(await client.registrationCost(NETUID), 100_000_000n);
    assert.deepEqual(await Promise.all(MINERS.map((hotkey) => client.isRegistered(NETUID, hotkey))), [2, 3]);
  });
});

Deno.test("weights of the real runtime: those that the validator set, from 30 and 10 scaled up, and nobody else's", async () => {
  const node = new RecordedNode(({ m }) => m.params?.[0] === "NeuronInfoRuntimeApi_get_neurons_lite");
  await withRecording(node, async (client) => {
    const weights = await client.weights(NETUID);
    assert.deepEqual([...weights.keys()], [1]);
    assert.deepEqual([...weights.get(1)!], [[2, 65535], [3, 21845]]);
  });
});

Deno.test("addresses are those of the runtime, whatever prefix the node names for its chain", async () => {
  const node = new RecordedNode(({ m }) => m.params?.[0] === "NeuronInfoRuntimeApi_get_neurons_lite");
  knowWhatIsElsewhere(node);
  node.answer("system_properties", { ss58Format: 13116, tokenDecimals: 9, tokenSymbol: "TAO" });
  await withRecording(node, async (client) => {
    const { neurons } = await client.metagraph(NETUID);
    assert.deepEqual(neurons.map(({ hotkey }) => hotkey), [OWNER, VALIDATOR, ...MINERS]);
  });
});

Deno.test("what the session did not record is refused, and the client says what it asked for", async () => {
  const node = new RecordedNode();
  await withRecording(node, async (client) => {
    await assert.rejects(() => client.metagraph(77), { code: "chain/request-failed" });
  });
  assert.match(node.refused.join("\n"), /get_metagraph.*4d00/);
});

Deno.test("a node that refuses to tell of heads is none to work with, in its own words", async () => {
  const node = new RecordedNode();
  const openSocket: OpenSocket = (url) => {
    const socket = node.openSocket(url);
    const { send } = socket;
    socket.send = (text) => {
      const { id, method } = JSON.parse(text);
      if (method !== "chain_subscribeFinalizedHeads") return send(text);
      const error = { code: -32601, message: "Method not found" };
      queueMicrotask(() => socket.onmessage?.({ data: JSON.stringify({ jsonrpc: "2.0", id, error }) }));
    };
    return socket;
  };
  const connecting = connectChain("ws://recorded", { clock: systemClock, log: silentLog, openSocket });
  await assert.rejects(connecting, { code: "chain/unreachable", message: /-32601: Method not found/ });
});

Deno.test("a client that is stopped just before it is connected says so", async () => {
  const stop = new AbortController();
  const reason = new Error("stopped");
  const node = new RecordedNode();
  const openSocket: OpenSocket = (url) => {
    const socket = node.openSocket(url);
    const { send } = socket;
    socket.send = (text) => text.includes("chain_subscribeNewHead") ? stop.abort(reason) : send(text);
    return socket;
  };
  const connecting = connectChain("ws://recorded", {
    clock: systemClock,
    log: silentLog,
    signal: stop.signal,
    openSocket,
  });
  await assert.rejects(connecting, (error) => error === reason);
});

/**
 * Two real local chains that were one: with the same blocks until a call comes into one of them, and two forks from then on.
 * The client's node goes over from one to the other, as one does at a reorganisation. Final is what is four blocks old.
 */
import { strict as assert } from "node:assert";
import { silentLog } from "../../../../src/base/log.ts";
import { type ChainClient, connectChain } from "../../../../src/chain/client.ts";
import { type Devnet, startDevnet } from "../../../../src/chain/devnet/devnet.ts";
import { cryptoReady } from "../../../../src/chain/sr25519.ts";
import { VirtualClock } from "../../../simulation/virtual_clock.ts";
import { payAll, SECOND, settleIn } from "./fault_room.ts";
import { FaultyNode } from "./faulty_node.ts";

const FINALITY_LAG = 4;

interface Forks {
  readonly node: FaultyNode;
  /** The node's chain is the other fork from now on. */
  reorganise(): void;
  connect(until: "included" | "finalized"): Promise<ChainClient>;
  pass(ms: number): Promise<void>;
  settled<T>(promise: Promise<T>): Promise<T>;
}

async function withForks(body: (forks: Forks) => Promise<void>): Promise<void> {
  await cryptoReady();
  const directories = [await Deno.makeTempDir(), await Deno.makeTempDir()];
  const clock = new VirtualClock();
  const start = (directory: string) =>
    startDevnet({ directory, port: 0, blockMs: SECOND }, { clock, log: silentLog });
  // One genesis for both.
  await (await start(directories[0])).stop();
  for await (const { name } of Deno.readDir(directories[0])) {
    await Deno.copyFile(`${directories[0]}/${name}`, `${directories[1]}/${name}`);
  }
  const devnets = await Promise.all(directories.map(start));
  let present = 0;
  const node = new FaultyNode(() => devnets[present], clock);
  node.rewrite = (method, result) =>
    method !== "chain_getFinalizedHead" ? result : hashAt(devnets[present], FINALITY_LAG);
  const clients: ChainClient[] = [];
  const settled = <T>(promise: Promise<T>) => settleIn(clock, promise);
  try {
    await body({
      node,
      settled,
      reorganise() {
        present = 1 - present;
        node.cutAll();
      },
      async connect(until) {
        const deps = { clock, log: silentLog, openSocket: () => node.open() };
        const client = await settled(connectChain("ws://node", deps, { until }));
        clients.push(client);
        return client;
      },
      pass: async (ms) => void await clock.advance(() => false, clock.nowMs() + ms),
    });
  } finally {
    await Promise.all(clients.map((client) => settled(client.close())));
    await Promise.all(devnets.map((devnet) => devnet.stop()));
    for (const directory of directories) await Deno.remove(directory, { recursive: true });
  }
}

/** @param depth below the head */
function hashAt(devnet: Devnet, depth: number): string {
  let answer = "";
  const connection = devnet.attach({
    readyState: 1,
    bufferedAmount: 0,
    send: (text) => answer = text,
    close() {},
  });
  const number = Math.max(0, devnet.block() - depth);
  connection.receive(
    JSON.stringify({ jsonrpc: "2.0", id: 1, method: "chain_getBlockHash", params: [number] }),
  );
  return JSON.parse(answer).result;
}

Deno.test("calls in a block that the chain goes on without come in again, the same bytes, once", () =>
  withForks(async ({ node, reorganise, connect, pass, settled }) => {
    const client = await connect("included");
    const payments = payAll(client, 3);
    await settled(payments.done);
    const sentCount = node.arrived.size;
    reorganise();
    await pass(30 * SECOND);
    await settled(payments.check(client));
    assert.equal(node.arrived.size, sentCount, "the same bytes");
  }));

Deno.test("calls that are to be final outlast reorganisations to and fro", () =>
  withForks(async ({ reorganise, connect, pass, settled }) => {
    const client = await connect("finalized");
    const payments = payAll(client, 3);
    let isDone = false;
    payments.done.then(() => isDone = true);
    await pass(2500);
    reorganise();
    await pass(2500);
    assert.equal(isDone, false);
    await settled(payments.done);
    await settled(payments.check(client));
  }));

Deno.test("a read of a block that was reorganised away is made again at the new head", () =>
  withForks(async ({ reorganise, connect, settled }) => {
    const client = await connect("included");
    const payments = payAll(client, 1);
    await settled(payments.done);
    reorganise();
    const [metagraph, cost] = await settled(Promise.all([client.metagraph(1), client.registrationCost(1)]));
    assert.equal(metagraph.neurons.length, 0);
    assert.ok(cost > 0n);
  }));

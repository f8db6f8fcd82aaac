/** Where results lie: real all-reduces over real libp2p whose results are copied to a space, and one whose space refuses. */
import assert from "node:assert/strict";
import {
  AllReduce,
  decodeResult,
  type ResultSpace,
  type RoundOutcome,
} from "../../../src/allreduce/allreduce.ts";
import { memorySpace } from "../../../src/allreduce/result_space.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { SkeinError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import { CpuReducer } from "../../../src/codec/cpu_reducer.ts";
import { u8Blockwise } from "../../../src/codec/u8_blockwise.ts";
import { ed25519RoundKeys } from "../../../src/node/round_keys.ts";
import { CopyingSpace } from "./copying_space.ts";
import { swarmTest, type TestNode, type TestSwarm, until, verify } from "../net/swarm.ts";

const ELEMENTS = 40_000;
const STEPS = 4;

async function connected(swarm: TestSwarm): Promise<TestNode[]> {
  const nodes: TestNode[] = [];
  for (const name of ["Alice", "Bob", "Carol", "Dave"]) nodes.push(await swarm.add(name));
  for (const [i, node] of nodes.entries()) {
    for (const other of nodes.slice(0, i)) await node.network.dial(other.network.listenAddrs[0]);
  }
  await until(
    () => nodes.every(({ network }) => network.transport.connected().length === 3),
    "all are connected",
  );
  return nodes;
}

const allReduceOf = (node: TestNode, resultSpace: ResultSpace): AllReduce =>
  new AllReduce(
    {
      runId: "ab".repeat(32),
      seed: "space",
      elementCount: ELEMENTS,
      chunkElements: 1024,
      minGroup: 2,
      tickMs: 20,
      timeouts: { senderTimeoutMs: 3000, reducerTimeoutMs: 6000, leaderTimeoutMs: 1000 },
    },
    {
      transport: node.network.transport,
      signer: node.signer,
      verify,
      roundKeys: ed25519RoundKeys,
      codec: u8Blockwise,
      reducer: new CpuReducer(u8Blockwise),
      resultSpace,
      clock: systemClock,
      log: silentLog,
      isMember: () => true,
    },
  );

const valueAt = (member: number, step: number, element: number) => Math.sin(element * (member + 1) + step);

function run(
  allReduces: readonly AllReduce[],
  nodes: readonly TestNode[],
  step: number,
): Promise<RoundOutcome[]> {
  const hotkeys = nodes.map(({ signer }) => signer.hotkey);
  return Promise.all(allReduces.map((allReduce, i) =>
    allReduce.run({
      outerStep: step,
      anchorRoot: "cd".repeat(32),
      values: Float32Array.from({ length: ELEMENTS }, (_, e) => valueAt(i, step, e)),
      samples: 1,
      innerSteps: 1,
      waypointDigest: "00".repeat(32),
      bandwidthBytesPerSec: 1e8,
      previousMembers: hotkeys,
      deadlineBlock: 1000,
      block: () => 0,
      expected: () => hotkeys,
    }, new AbortController().signal)
  ));
}

swarmTest(
  "rounds whose results are copied agree on the mean, with buffers used again, and hold one result",
  async (swarm) => {
    const nodes = await connected(swarm);
    const spaces = nodes.map(() => new CopyingSpace());
    const allReduces = nodes.map((node, i) => allReduceOf(node, spaces[i]));
    try {
      for (let step = 1; step <= STEPS; step++) {
        const outcomes = await run(allReduces, nodes, step);
        const all = outcomes.map((outcome) => {
          assert.equal(outcome.kind, "committed", JSON.stringify(outcome));
          const { certificate, chunks } = outcome as Extract<RoundOutcome, { kind: "committed" }>;
          assert.equal(certificate.origin.members.length, nodes.length);
          return decodeResult(certificate.origin, chunks, u8Blockwise);
        });
        for (const values of all) assert.deepEqual(values, all[0]);
        all[0].forEach((value, e) => {
          const mean = [0, 1, 2, 3].reduce((sum, member) => sum + valueAt(member, step, e), 0) / 4;
          assert.ok(
            Math.abs(value - mean) < 0.02,
            `step ${step}, element ${e}: ${value}, ${mean} is required`,
          );
        });
        assert.deepEqual(spaces.map(({ heldCount }) => heldCount), [1, 1, 1, 1]);
        assert.deepEqual(spaces.map(({ rooms }) => rooms.length), [step, step, step, step]);
      }
    } finally {
      for (const allReduce of allReduces) allReduce.close();
    }
  },
);

swarmTest(
  "a member whose disk refuses gives up and says so; nobody is blamed for it, and the others commit",
  async (swarm) => {
    const nodes = await connected(swarm);
    const full = new SkeinError(
      "node/result-io",
      "write results: the file system refused, check space and permissions",
    );
    const refusing: ResultSpace = {
      open: () => {
        throw full;
      },
    };
    const allReduces = nodes.map((node, i) => allReduceOf(node, i === 3 ? refusing : memorySpace));
    try {
      const outcomes = await run(allReduces, nodes, 1);
      const [, , , refused] = outcomes;
      assert.equal(refused.kind === "aborted" && refused.code, "node/result-io", JSON.stringify(refused));
      for (const outcome of outcomes.slice(0, 3)) {
        assert.equal(
          outcome.kind,
          "committed",
          JSON.stringify(outcome),
        );
      }
      for (const { network } of nodes) assert.equal(network.transport.connected().length, 3);
    } finally {
      for (const allReduce of allReduces) allReduce.close();
    }
  },
);

Deno.test("in memory a chunk is kept as it is, once, and read in order", () => {
  const room = memorySpace.open([4, 2]);
  const chunk = new Uint8Array(2);
  assert.equal(room.put(1, chunk), true);
  assert.equal(room.read(1), chunk);
  assert.deepEqual([room.length, room.byteLength, room.has(0)], [2, 2, false]);
  assert.throws(() => room.put(1, chunk));
  assert.throws(() => room.read(0));
  room.put(0, new Uint8Array(4));
  assert.deepEqual([...room].map(({ length }) => length), [4, 2]);
});

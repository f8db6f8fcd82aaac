/**
 * Real all-reduces over real libp2p on loopback with one member that misbehaves: it is refused with a typed error and
 * counted, and the others commit without it. Faults come by wrapping the hostile member's transport.
 */
import assert from "node:assert/strict";
import { sha256Sync, toHex, utf8 } from "../../../src/base/bytes.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { Message, Transport } from "../../../src/base/transport.ts";
import { AllReduce, decodeResult, type RoundOutcome } from "../../../src/allreduce/allreduce.ts";
import { CpuReducer } from "../../../src/codec/cpu_reducer.ts";
import { u8Blockwise } from "../../../src/codec/u8_blockwise.ts";
import { ed25519RoundKeys } from "../../../src/node/round_keys.ts";
import { swarmTest, type TestNode, type TestSwarm, until, verify } from "../net/swarm.ts";

const RUN_ID = "ab".repeat(32);
const ELEMENTS = 9000;
/** Far above any chunk here: only the hostile member's flood exceeds it. */
const MAX_BODY_BYTES = 1 << 20;
const HONEST = ["Alice", "Bob", "Carol"];

type Mangle = (message: Message) => Message;

/** The same transport with another `send`. */
function mangled(transport: Transport, mangle: Mangle): Transport {
  return new Proxy(transport, {
    get(target, property) {
      if (property === "send") {
        return (to: string, message: Message, signal?: AbortSignal) =>
          target.send(to, mangle(message), signal);
      }
      const value = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function connectAll(nodes: readonly TestNode[]): Promise<void> {
  for (const [i, node] of nodes.entries()) {
    for (const other of nodes.slice(0, i)) await node.network.dial(other.network.listenAddrs[0]);
  }
  await until(
    () => nodes.every((node) => node.network.transport.connected().length === nodes.length - 1),
    "everybody is connected",
  );
}

/** One round of all nodes; member i contributes the constant i + 1. */
async function playRound(
  nodes: readonly TestNode[],
  swarm: TestSwarm,
  mangleOf: (node: TestNode) => Mangle | undefined = () => undefined,
): Promise<RoundOutcome[]> {
  const hotkeys = nodes.map((node) => node.signer.hotkey);
  const stop = new AbortController();
  const allReduces = nodes.map((node) => {
    const mangle = mangleOf(node);
    return new AllReduce({
      runId: RUN_ID,
      seed: "hostile",
      elementCount: ELEMENTS,
      chunkElements: 1024,
      minGroup: 2,
      tickMs: 20,
      timeouts: {
        senderTimeoutMs: 8000,
        reducerTimeoutMs: 16_000,
        leaderTimeoutMs: 1000,
        voteTimeoutMs: 10_000,
      },
    }, {
      transport: mangle ? mangled(node.network.transport, mangle) : node.network.transport,
      signer: node.signer,
      verify,
      roundKeys: ed25519RoundKeys,
      codec: u8Blockwise,
      reducer: new CpuReducer(u8Blockwise),
      clock: systemClock,
      log: silentLog,
      isMember: (hotkey) => swarm.registered.has(hotkey),
    });
  });
  try {
    return await Promise.all(allReduces.map((allReduce, i) =>
      allReduce.run({
        outerStep: 1,
        anchorRoot: "cd".repeat(32),
        values: new Float32Array(ELEMENTS).fill(i + 1),
        samples: 1,
        innerSteps: 1,
        waypointDigest: toHex(sha256Sync(utf8(`waypoint ${i}`))),
        bandwidthBytesPerSec: 1e8,
        previousMembers: hotkeys,
        deadlineBlock: 1000,
        block: () => 0,
        expected: () => hotkeys,
      }, stop.signal)
    ));
  } finally {
    stop.abort();
    for (const allReduce of allReduces) allReduce.close();
  }
}

function committed(outcome: RoundOutcome) {
  assert.equal(outcome.kind, "committed", JSON.stringify(outcome));
  return outcome as Extract<RoundOutcome, { kind: "committed" }>;
}

/** All honest members hold one result. @returns its values */
function agreedValues(outcomes: readonly RoundOutcome[]): Float32Array {
  const results = outcomes.map(committed);
  for (const { certificate } of results) {
    assert.equal(certificate.resultDigest, results[0].certificate.resultDigest);
  }
  return decodeResult(results[0].certificate.origin, results[0].chunks, u8Blockwise);
}

/** Mean of 1, 2, 3 is 2: with the hostile member's 4 it would be 2.5. Its own span it reduces itself. */
function assertLeftOut(outcome: RoundOutcome, values: Float32Array, hostile: string): void {
  const { certificate, plan } = committed(outcome);
  const members = certificate.origin.members.map(({ hotkey }) => hotkey);
  plan.chunks.forEach(({ reducer, startElement }) => {
    if (members[reducer] === hostile) return;
    assert.ok(
      Math.abs(values[startElement] - 2) < 0.02,
      `element ${startElement} is ${values[startElement]}`,
    );
  });
}

async function honestWith(swarm: TestSwarm, name: string, options = {}): Promise<[TestNode[], TestNode]> {
  const honest: TestNode[] = [];
  for (const each of HONEST) honest.push(await swarm.add(each, { maxBodyBytes: MAX_BODY_BYTES }));
  return [honest, await swarm.add(name, { maxBodyBytes: MAX_BODY_BYTES, ...options })];
}

/** How often `node` counted `code` against `peer`. */
const counted = (node: TestNode, peer: string, code: string) =>
  node.network.transport.offences()[peer]?.[code] ?? 0;

swarmTest("a corrupt chunk is refused and counted, and the round commits without it", async (swarm) => {
  const [honest, mallory] = await honestWith(swarm, "Mallory");
  await connectAll([...honest, mallory]);
  const outcomes = await playRound(
    [...honest, mallory],
    swarm,
    (node) =>
      node !== mallory ? undefined : (message) => {
        if (message.type !== "allreduce/chunk/1") return message;
        const right = message.body!;
        const body = right.slice();
        body[body.length >> 1] ^= 0x40;
        return { ...message, body, header: { ...message.header, digest: toHex(sha256Sync(right)) } };
      },
  );
  const values = agreedValues(outcomes.slice(0, 3));
  assertLeftOut(outcomes[0], values, mallory.signer.hotkey);
  for (const node of honest) {
    assert.ok(counted(node, mallory.signer.hotkey, "allreduce/corrupt-chunk") > 0);
  }
});

swarmTest(
  "a NaN in a pseudo-gradient is refused and counted, and the round commits without it",
  async (swarm) => {
    const [honest, mallory] = await honestWith(swarm, "Mallory");
    await connectAll([...honest, mallory]);
    const outcomes = await playRound(
      [...honest, mallory],
      swarm,
      (node) =>
        node !== mallory ? undefined : (message) => {
          if (message.type !== "allreduce/chunk/1") {
            return message;
          }
          const body = message.body!.slice();
          new DataView(body.buffer).setFloat32(0, NaN, true);
          return { ...message, body, header: { ...message.header, digest: toHex(sha256Sync(body)) } };
        },
    );
    const values = agreedValues(outcomes.slice(0, 3));
    assertLeftOut(outcomes[0], values, mallory.signer.hotkey);
    assert.ok(values.every(Number.isFinite));
    for (const node of honest) {
      assert.ok(counted(node, mallory.signer.hotkey, "allreduce/corrupt-chunk") > 0);
    }
  },
);

swarmTest("a member whose own pseudo-gradient is not finite does not join", async (swarm) => {
  const alice = await swarm.add("Alice");
  const allReduce = new AllReduce(
    { runId: RUN_ID, seed: "nan", elementCount: 3, minGroup: 1 },
    {
      transport: alice.network.transport,
      signer: alice.signer,
      verify,
      roundKeys: ed25519RoundKeys,
      codec: u8Blockwise,
      reducer: new CpuReducer(u8Blockwise),
      clock: systemClock,
      log: silentLog,
      isMember: () => true,
    },
  );
  const outcome = await allReduce.run({
    outerStep: 1,
    anchorRoot: "cd".repeat(32),
    values: Float32Array.of(1, NaN, 1),
    samples: 1,
    innerSteps: 1,
    waypointDigest: "00".repeat(32),
    bandwidthBytesPerSec: 1,
    previousMembers: [],
    deadlineBlock: 0,
    block: () => 0,
    expected: () => [],
  }, new AbortController().signal);
  allReduce.close();
  assert.equal(outcome.kind === "aborted" && outcome.code, "allreduce/non-finite");
});

swarmTest("an oversized frame is refused and counted, and the round commits without it", async (swarm) => {
  const [honest, mallory] = await honestWith(swarm, "Mallory", { maxBodyBytes: 8 << 20 });
  await connectAll([...honest, mallory]);
  const outcomes = await playRound(
    [...honest, mallory],
    swarm,
    (node) =>
      node !== mallory
        ? undefined
        : (message) =>
          message.type === "allreduce/chunk/1"
            ? { ...message, body: new Uint8Array(MAX_BODY_BYTES + 1) }
            : message,
  );
  const values = agreedValues(outcomes.slice(0, 3));
  assertLeftOut(outcomes[0], values, mallory.signer.hotkey);
  for (const node of honest) assert.ok(counted(node, mallory.signer.hotkey, "net/frame-oversized") > 0);
});

swarmTest(
  "an unregistered hotkey is refused and counted, and the others commit among themselves",
  async (swarm) => {
    const [honest, mallory] = await honestWith(swarm, "Mallory");
    swarm.registered.delete(mallory.signer.hotkey);
    await connectAll(honest);
    await assert.rejects(mallory.network.dial(honest[0].network.listenAddrs[0]), {
      code: "net/unregistered-hotkey",
    });
    const outcomes = await playRound(honest, swarm);
    const values = agreedValues(outcomes);
    assert.ok(values.every((value) => Math.abs(value - 2) < 0.02));
    assert.equal(committed(outcomes[0]).stats.members, 3);
    assert.ok(counted(honest[0], mallory.network.peerId, "net/unregistered-hotkey") > 0);
  },
);

/** The bytes of an attempt when members and disks fail: one member's transfer over a transport and a space that are told what to do. */
import assert from "node:assert/strict";
import { ChunkBuffers } from "../../../src/allreduce/chunk_buffers.ts";
import { planOf, proposalDigest } from "../../../src/allreduce/proposal.ts";
import { servePull } from "../../../src/allreduce/pull.ts";
import { ResultStore } from "../../../src/allreduce/result.ts";
import { memorySpace, type ResultRoom } from "../../../src/allreduce/result_space.ts";
import type { RoundEvent } from "../../../src/allreduce/round_types.ts";
import { Transfer } from "../../../src/allreduce/transfer.ts";
import { isSkeinError, SkeinError } from "../../../src/base/errors.ts";
import { eventLog, type LogEvent } from "../../../src/base/log.ts";
import type { Transport } from "../../../src/base/transport.ts";
import { CpuReducer } from "../../../src/codec/cpu_reducer.ts";
import { u8Blockwise } from "../../../src/codec/u8_blockwise.ts";
import { CopyingSpace } from "./copying_space.ts";
import { proposalOf } from "./round_harness.ts";

const PROPOSAL = proposalOf(0, "a", ["a", "b"]);
const PLAN = planOf(PROPOSAL);
const OWN = PLAN.chunks.filter(({ reducer }) => PROPOSAL.members[reducer].hotkey === "a");

function setUp(send: () => Promise<void>) {
  const space = new CopyingSpace();
  const buffers = new ChunkBuffers(1 << 20);
  const events: RoundEvent[] = [];
  const given = Promise.withResolvers<unknown>();
  const digesting = Promise.withResolvers<void>();
  const elements = PLAN.chunks.reduce((sum, chunk) => sum + chunk.elements, 0);
  const transfer = new Transfer(
    proposalDigest(PROPOSAL),
    PROPOSAL,
    PLAN,
    new Float32Array(elements).fill(1),
    {
      transport: { self: "a", send } as unknown as Transport,
      codec: u8Blockwise,
      reducer: new CpuReducer(u8Blockwise),
      buffers,
      space,
      digest: async () => {
        await digesting.promise;
        return new Uint8Array(32);
      },
      feed: (event) => void events.push(event),
      giveUp: given.resolve,
    },
  );
  const settle = async () => {
    for (let i = 0; i < 50; i++) await Promise.resolve();
  };
  return {
    space,
    buffers,
    events,
    transfer,
    settle,
    gaveUp: given.promise,
    digested: () => digesting.resolve(),
  };
}

Deno.test("a sum that ends after the attempt neither opens a place for its result nor tells the machine", async () => {
  const { space, events, transfer, settle, digested } = setUp(async () => {});
  transfer.perform({ type: "reduce", chunk: OWN[0].index, senders: [0] });
  await settle();
  transfer.close();
  digested();
  await settle();
  assert.deepEqual([space.rooms.length, events], [0, []]);
});

Deno.test("what a member that is down did not take is held no longer than a send takes, and not used again", async () => {
  const gone = () => Promise.reject(new SkeinError("net/link-lost", "it is down"));
  for (const [isTaken, send] of [[true, async () => {}], [false, gone]] as const) {
    const { buffers, events, transfer, settle, digested, gaveUp } = setUp(send);
    digested();
    const { index, elements } = OWN[0];
    transfer.perform({ type: "reduce", chunk: index, senders: [0] });
    await settle();
    assert.deepEqual(events.map(({ type }) => type), ["reduced"]);
    const publish = { type: "publish", chunk: index, digest: "00".repeat(32) } as const;
    transfer.perform(publish);
    await settle();
    // The one in which our own contribution was, and that of the sum: written to, as new ones are not.
    const bytes = u8Blockwise.result.encodedBytes(elements);
    const used = [1, 2].filter(() => buffers.take(bytes).some((byte) => byte !== 0));
    assert.equal(used.length, isTaken ? 2 : 1);
    transfer.perform(publish);
    assert.match(String(await gaveUp), /TypeError/, "it is not at hand a second time");
    transfer.close();
  }
});

Deno.test("a disk that refuses is told here; a peer that asks hears that the result is not held", () => {
  const store = new ResultStore();
  const chunks: ResultRoom = Object.assign(memorySpace.open([4]), {
    has: () => true,
    read: () => {
      throw new SkeinError("node/result-io", "read /somewhere/result-0.bin: the file system refused");
    },
  });
  const resultDigest = "ab".repeat(32);
  store.put({ outerStep: 1, origin: PROPOSAL, resultDigest, chunkDigests: "cd".repeat(32), chunks });
  const told: LogEvent[] = [];
  const want = { runId: "00".repeat(32), outerStep: 1, resultDigest, chunk: 0 };
  assert.throws(
    () => servePull(store, want, eventLog((event) => told.push(event))),
    (error) => isSkeinError(error, "allreduce/unknown-result") && !error.message.includes("/somewhere"),
  );
  assert.match(JSON.stringify(told), /the file system refused/);
});

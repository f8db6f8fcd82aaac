import assert from "node:assert/strict";
import { eventLog, type LogEvent } from "../../../src/base/log.ts";
import { chainError } from "../../../src/chain/errors.ts";
import type { CommitStore } from "../../../src/chain/weight_commits.ts";
import type { WeightsSent } from "../../../src/chain/weight_setter.ts";
import type { HotkeyPair } from "../../../src/chain/wallet/wallet.ts";
import { WeightWriter } from "../../../src/node/weight_writer.ts";
import { BlockSource, settle } from "./block_source.ts";

const set: WeightsSent = { kind: "set", uids: [0], values: [65535] };
const tooSoon = (block: number) => chainError("chain/too-soon", "set weights: too soon", { block });
const noPermit = () => chainError("chain/no-permit", "set weights: no permit");

/** A chain whose answers a test gives in advance; without one, weights are set. */
class Room {
  readonly blocks = new BlockSource();
  readonly answers: (WeightsSent | Error | Promise<WeightsSent>)[] = [];
  readonly sent: number[] = [];
  readonly events: LogEvent[] = [];
  readonly reveals: number[] = [];
  readonly stop = new AbortController();
  readonly writer = new WeightWriter({
    chain: {
      ...this.blocks,
      setWeights: async (_netuid, _pair, scores) => {
        this.sent.push(scores.get(0)!);
        const answer = await (this.answers.shift() ?? set);
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    netuid: 1,
    hotkey: { ss58: "validator" } as HotkeyPair,
    commits: {} as CommitStore,
    hotkeyOf: (uid) => uid === 0 ? "miner" : undefined,
    onCommitted: (block) => void this.reveals.push(block),
    log: eventLog((event) => void this.events.push(event)),
    signal: this.stop.signal,
  });

  async write(outerStep: number): Promise<void> {
    this.writer.write(outerStep, new Map([[0, outerStep]]));
    await settle();
  }

  levels = () => this.events.map((event) => event.event === "log" ? event.level : event.event);
}

Deno.test("weights are told as they were sent: set, locked, or committed with a reveal to come", async () => {
  const room = new Room();
  room.answers.push(
    { ...set, uids: [0, 7], values: [65535, 1] },
    { ...set, kind: "timelocked", revealRound: 9, revealBlock: 200 },
    { ...set, kind: "committed", revealBlock: 300 },
  );
  for (const step of [1, 2, 3]) await room.write(step);
  const weights = { miner: 65535 };
  assert.deepEqual(room.events.map(({ hotkey: _, scores: __, event: ___, ...told }) => told), [
    { outerStep: 1, kind: "set", weights: { ...weights, "uid 7": 1 } },
    { outerStep: 2, kind: "timelocked", revealBlock: 200, weights },
    { outerStep: 3, kind: "committed", revealBlock: 300, weights },
  ]);
  assert.deepEqual(room.reveals, [300]);
});

Deno.test("under a rate limit the newest scores wait for their block, which is told once", async () => {
  const room = new Room();
  room.answers.push(tooSoon(110));
  for (const step of [1, 2, 3]) await room.write(step);
  await room.blocks.to(108);
  assert.deepEqual(room.sent, [1]);
  assert.deepEqual(room.levels(), ["info"]);
  assert.match(String(room.events[0].message), /wait for block 109/);
  await room.blocks.to(109);
  assert.deepEqual(room.sent, [1, 3]);
  await room.blocks.to(130);
  assert.deepEqual(room.sent, [1, 3], "nothing is sent twice");
  await room.write(4);
  assert.deepEqual(room.levels(), ["info", "weights-set", "weights-set"]);
});

Deno.test("without a permit it looks again some blocks later, calmly", async () => {
  const room = new Room();
  room.answers.push(...Array.from({ length: 3 }, noPermit));
  await room.write(1);
  await room.blocks.to(155);
  assert.deepEqual(room.sent, [1, 1, 1]);
  assert.deepEqual(room.levels(), ["info"]);
  await room.blocks.to(170);
  assert.deepEqual(room.levels(), ["info", "weights-set"]);
});

Deno.test("another failure is a warning, and the next step tries again", async () => {
  const room = new Room();
  room.answers.push(chainError("chain/call-failed", "no"));
  await room.write(1);
  await room.blocks.to(200);
  assert.deepEqual(room.levels(), ["warn"]);
  await room.write(2);
  assert.deepEqual(room.levels(), ["warn", "weights-set"]);
});

Deno.test("what may have been committed by a call whose end is unknown is looked for", async () => {
  const room = new Room();
  const head = room.blocks.block();
  for (const code of ["chain/call-failed", "chain/timeout", "chain/disconnected"] as const) {
    room.answers.push(chainError(code, "no"));
    await room.write(1);
  }
  assert.deepEqual(room.reveals, [head + 1, head + 1]);
});

Deno.test("what is scored while weights are sent is sent after them, the newest alone", async () => {
  const room = new Room();
  const { promise, resolve } = Promise.withResolvers<WeightsSent>();
  room.answers.push(promise);
  for (const step of [1, 2, 3]) await room.write(step);
  assert.deepEqual(room.sent, [1]);
  resolve(set);
  await room.writer.settled();
  assert.deepEqual(room.sent, [1, 3]);
});

Deno.test("a node that leaves sends nothing more, and no scores are no weights", async () => {
  const room = new Room();
  room.writer.write(1, new Map());
  room.stop.abort();
  await room.write(2);
  room.writer.close();
  assert.deepEqual([room.sent, room.blocks.handlerCount], [[], 0]);
});

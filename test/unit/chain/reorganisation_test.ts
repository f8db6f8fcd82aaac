/** Calls over reorganisations: blocks that held them are taken back before they are final. */
import { strict as assert } from "node:assert";
import { isSkeinError } from "../../../src/base/errors.ts";
import type { KeyringPair } from "../../../src/chain/sr25519.ts";
import { type SubmitOptions, Submitter } from "../../../src/chain/submit.ts";
import { VirtualClock } from "../../simulation/virtual_clock.ts";
import { fakeCall, FakeChain } from "./fake_chain.ts";

const alice = { address: "alice" } as KeyringPair;
const SECOND = 1000;

interface Room {
  readonly chain: FakeChain;
  readonly submit: (call: string) => Promise<unknown>;
  /** A block a second. */
  pass(seconds: number): Promise<void>;
}

async function withChain(
  body: (room: Room) => Promise<void>,
  options: Partial<SubmitOptions> = {},
): Promise<void> {
  const clock = new VirtualClock();
  const chain = new FakeChain(clock);
  chain.finalityLag = 4;
  const submitter = new Submitter({ callTimeoutMs: 300 * SECOND, ...options }, chain.dependencies(1));
  const stop = chain.startMining();
  try {
    await body({
      chain,
      submit: (call) => submitter.submit(call, alice, () => fakeCall(call)),
      pass: async (seconds) => void await clock.advance(() => false, clock.nowMs() + seconds * SECOND),
    });
  } finally {
    stop();
    chain.closing.abort();
  }
}

for (const isKept of [true, false]) {
  Deno.test(`a call in a block that is taken back comes in again when the pool ${isKept ? "keeps" : "forgets"} it`, () =>
    withChain(async ({ chain, submit, pass }) => {
      const done = submit("a");
      await pass(2);
      await done;
      chain.retract(2, isKept);
      assert.deepEqual(chain.calls, []);
      await pass(20);
      assert.deepEqual(chain.calls, ["a"]);
      assert.equal(chain.sent.size, 1, "the same bytes");
    }));
}

Deno.test("a call that is to be final is done when its block is", () =>
  withChain(async ({ chain, submit, pass }) => {
    let isDone = false;
    const done = submit("a").then(() => isDone = true);
    await pass(3);
    assert.deepEqual([chain.calls, isDone], [["a"], false]);
    chain.retract(2, false);
    await pass(4);
    assert.equal(isDone, false);
    await pass(20);
    await done;
    assert.deepEqual(chain.calls, ["a"]);
  }, { until: "finalized" }));

Deno.test("a call that is taken back and expires is signed anew, once, when that is final", () =>
  withChain(async ({ chain, submit, pass }) => {
    const done = submit("a");
    await pass(2);
    await done;
    chain.retract(2, false);
    chain.isDeaf = true;
    await pass(65);
    assert.equal(chain.sent.size, 1, "it may still be included");
    await pass(10);
    chain.isDeaf = false;
    await pass(10);
    assert.deepEqual(chain.calls, ["a"]);
    assert.ok(chain.sent.size > 1);
  }));

Deno.test("a nonce that another process used in a block that is taken back again counts for nothing", () =>
  withChain(async ({ chain, submit, pass }) => {
    chain.faults.push("drop");
    const done = submit("a");
    await pass(0);
    // The other's extrinsic with our nonce.
    chain.pool.set(JSON.stringify({ ss58: "alice", nonce: 0, call: "other" }), () => {});
    chain.mine();
    chain.retract(1, false);
    await pass(20);
    await done;
    assert.deepEqual(chain.calls, ["a"]);
    assert.equal(chain.sent.size, 1);
  }));

Deno.test("calls of one account keep their order over a reorganisation", () =>
  withChain(async ({ chain, submit, pass }) => {
    const calls = ["a", "b", "c"];
    const done = Promise.all(calls.map(submit));
    await pass(2);
    await done;
    chain.retract(1, false);
    await pass(30);
    assert.deepEqual(chain.calls, calls);
  }));

Deno.test("a failure is told when it is final", () =>
  withChain(async ({ submit, pass }) => {
    let told: unknown;
    submit("bad call").catch((error) => told = error);
    await pass(3);
    assert.equal(told, undefined);
    await pass(10);
    assert.ok(isSkeinError(told, "chain/call-failed"));
  }));

Deno.test("on a chain that makes nothing final a failure is told after a minute, and the next call goes on", () =>
  withChain(async ({ chain, submit, pass }) => {
    chain.finalityLag = 1000;
    let told: unknown;
    submit("bad call").catch((error) => told = error);
    await pass(50);
    assert.equal(told, undefined);
    await pass(20);
    assert.ok(isSkeinError(told, "chain/call-failed"), String(told));
    const done = submit("a");
    await pass(3);
    await done;
    assert.deepEqual(chain.calls, ["bad call", "a"]);
  }));

Deno.test("on a chain that makes nothing final a call is looked after for an hour, and then no more", () =>
  withChain(async ({ chain, submit, pass }) => {
    chain.finalityLag = 100_000;
    const done = submit("a");
    await pass(2);
    await done;
    await pass(3590);
    const asked = chain.questionCount;
    await pass(60);
    assert.ok(chain.questionCount > asked);
    const askedThen = chain.questionCount;
    await pass(600);
    assert.equal(chain.questionCount, askedThen);
  }));

Deno.test("bytes that arrived twice and are refused the second time are found in their block", () =>
  withChain(async ({ chain, submit, pass }) => {
    chain.faults.push("double");
    const done = submit("a");
    await pass(20);
    await done;
    assert.deepEqual(chain.calls, ["a"]);
    assert.equal(chain.sent.size, 1);
  }));

Deno.test("a call that is given up before it is final holds up none after it, should its block be taken back", () =>
  withChain(async ({ chain, submit, pass }) => {
    chain.finalityLag = 100;
    const given = submit("a").catch((error) => error);
    await pass(40);
    assert.ok(isSkeinError(await given, "chain/timeout"));
    chain.retract(chain.looseCount, false);
    chain.finalityLag = 4;
    const done = submit("b");
    await pass(20);
    await done;
    assert.deepEqual(chain.calls, ["b"]);
  }, { until: "finalized", callTimeoutMs: 30 * SECOND }));

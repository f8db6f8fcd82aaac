import { strict as assert } from "node:assert";
import { isSkeinError } from "../../../src/base/errors.ts";
import type { KeyringPair } from "../../../src/chain/sr25519.ts";
import { Submitter } from "../../../src/chain/submit.ts";
import { fakeCall, FakeChain } from "./fake_chain.ts";

const alice = { address: "alice" } as KeyringPair;

async function withChain(
  body: (chain: FakeChain, submit: (call: string) => Promise<unknown>) => Promise<void>,
  callTimeoutMs = 300_000,
): Promise<void> {
  const chain = new FakeChain();
  const submitter = new Submitter({ callTimeoutMs }, chain.dependencies(1));
  const stop = chain.startMining();
  try {
    await body(chain, (call) => submitter.submit(call, alice, () => fakeCall(call)));
  } finally {
    stop();
  }
}

Deno.test("calls of one account sent at once each take effect once, in their order", () =>
  withChain(async (chain, submit) => {
    const calls = Array.from({ length: 20 }, (_, i) => `call ${i}`);
    await Promise.all(calls.map(submit));
    assert.deepEqual(chain.calls, calls);
    assert.equal(chain.submissionCount, 20);
  }));

Deno.test("two processes that share an account both get all their calls in", () =>
  withChain(async (chain, submit) => {
    const other = new Submitter({ callTimeoutMs: 300_000 }, chain.dependencies(2));
    const calls = Array.from({ length: 10 }, (_, i) => `call ${i}`);
    await Promise.all([
      ...calls.map(submit),
      ...calls.map((call) => other.submit(call, alice, () => fakeCall(`other ${call}`))),
    ]);
    assert.deepEqual(chain.calls.toSorted(), [...calls, ...calls.map((call) => `other ${call}`)].toSorted());
  }));

for (const fault of ["loseBefore", "loseAfter", "drop"] as const) {
  Deno.test(`a call takes effect once although its submission meets ${fault}`, () =>
    withChain(async (chain, submit) => {
      chain.faults.push(fault, undefined, fault);
      await Promise.all(["a", "b", "c"].map(submit));
      assert.deepEqual(chain.calls, ["a", "b", "c"]);
    }));
}

Deno.test("a call that was included while the connection was lost is found, not repeated", () =>
  withChain(async (chain, submit) => {
    chain.faults.push("loseAfter");
    const done = submit("a");
    while (chain.submissionCount === 0) await Promise.resolve();
    chain.mine();
    await done;
    assert.deepEqual(chain.calls, ["a"]);
    assert.equal(chain.submissionCount, 1);
  }));

Deno.test("a full pool, a ban and an outdated nonce are waited out", () =>
  withChain(async (chain, submit) => {
    chain.faults.push(
      { code: 1016, message: "Immediately Dropped" },
      { code: 1012, message: "Transaction is temporarily banned" },
      { code: 1010, message: '{"invalid":{"stale":null}}' },
    );
    await Promise.all(["a", "b", "c"].map(submit));
    assert.deepEqual(chain.calls, ["a", "b", "c"], "younger calls wait for the oldest");
  }));

Deno.test("a refusal for cause is told with advice and not repeated", () =>
  withChain(async (chain, submit) => {
    chain.faults.push({ code: 1010, message: '{"invalid":{"custom":11}}' });
    await assert.rejects(
      submit("serve"),
      (error) =>
        isSkeinError(error, "chain/call-refused") && error.payload.customError === 11 &&
        error.message.includes("IP address"),
    );
    assert.equal(chain.submissionCount, 1);
    await submit("next");
    assert.deepEqual(chain.calls, ["next"]);
  }));

Deno.test("a call that fails on chain is told by the runtime's name and words", () =>
  withChain(async (_, submit) => {
    await assert.rejects(
      submit("bad call"),
      (error) =>
        isSkeinError(error, "chain/call-failed") && error.payload.error === "Fake.CallIsBad" &&
        error.message.includes("(The call is bad)"),
    );
  }));

Deno.test("a call that is never included is given up in time", async () => {
  const chain = new FakeChain();
  const submitter = new Submitter({ callTimeoutMs: 20_000 }, chain.dependencies(1));
  await assert.rejects(
    submitter.submit("a", alice, () => fakeCall("a")),
    (error) => isSkeinError(error, "chain/timeout"),
  );
});

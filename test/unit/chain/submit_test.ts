import { strict as assert } from "node:assert";
import { isSkeinError } from "../../../src/base/errors.ts";
import type { CallObserver } from "../../../src/chain/call_stage.ts";
import { chainError } from "../../../src/chain/errors.ts";
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

for (const fault of ["cutBefore", "cutAfter", "drop"] as const) {
  Deno.test(`a call takes effect once although its submission meets ${fault}`, () =>
    withChain(async (chain, submit) => {
      chain.faults.push(fault, undefined, fault);
      await Promise.all(["a", "b", "c"].map(submit));
      assert.deepEqual(chain.calls, ["a", "b", "c"]);
    }));
}

Deno.test("a call that was included while the connection was lost is found, not repeated", () =>
  withChain(async (chain, submit) => {
    chain.faults.push("cutAfter");
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
      { refuse: 1016, data: "Immediately Dropped" },
      { refuse: 1012, data: "Transaction is temporarily banned" },
      { refuse: 1010, data: '{"invalid":{"stale":null}}' },
    );
    await Promise.all(["a", "b", "c"].map(submit));
    assert.deepEqual(chain.calls, ["a", "b", "c"], "younger calls wait for the oldest");
  }));

Deno.test("who watches a call hears when it is sent, refused and included", async () => {
  const chain = new FakeChain();
  const heard: string[] = [];
  const onCall: CallObserver = (what, order, { kind }) => void heard.push(`${order} ${what} ${kind}`);
  const submitter = new Submitter({ callTimeoutMs: 300_000 }, { ...chain.dependencies(1), onCall });
  const stop = chain.startMining();
  chain.faults.push({ refuse: 1016, data: "full" });
  await submitter.submit("a", alice, () => fakeCall("a"));
  stop();
  assert.deepEqual(heard, ["1 a sent", "1 a refused", "1 a sent", "1 a included"]);
});

Deno.test("a signature for the runtime that was is made again until the API knows the one that is", () =>
  withChain(async (chain, submit) => {
    chain.spec = 2;
    chain.slownessOfNews = 5;
    const badProof = { refuse: 1010, data: '{"invalid":{"badProof":null}}' };
    chain.faults.push(...Array.from({ length: 8 }, () => badProof));
    await submit("a");
    assert.deepEqual(chain.calls, ["a"]);
    chain.faults.push(...Array.from({ length: 8 }, () => badProof));
    await assert.rejects(submit("b"), { code: "chain/call-refused", message: /badProof/ });
  }));

Deno.test("a node that can never tell whether a call is valid is given up with its own words", () =>
  withChain(async (chain, submit) => {
    const unknown = { refuse: 1011, data: "wasm trap: unreachable" };
    chain.faults.push(...Array.from({ length: 5 }, () => unknown));
    await submit("a");
    chain.faults.push(...Array.from({ length: 20 }, () => unknown));
    await assert.rejects(submit("b"), { code: "chain/call-refused", message: /wasm trap/ });
    assert.deepEqual(chain.calls, ["a"]);
  }));

Deno.test("a call that pools refuse until there is no time left is told with what they said", async () => {
  const chain = new FakeChain();
  const submitter = new Submitter({ callTimeoutMs: 20_000 }, chain.dependencies(1));
  chain.faults.push(...Array.from({ length: 500 }, () => ({ refuse: 1016, data: "the pool is full" })));
  await assert.rejects(submitter.submit("a", alice, () => fakeCall("a")), {
    code: "chain/timeout",
    message: /refused it \d+ times, the last time with the pool is full/,
  });
  chain.closing.abort();
});

Deno.test("a refusal for cause is told with advice and not repeated", () =>
  withChain(async (chain, submit) => {
    chain.faults.push({ refuse: 1010, data: '{"invalid":{"custom":11}}' });
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

Deno.test("a block that does not hold the call is no success, whatever the node says", () =>
  withChain(async (chain) => {
    const deps: any = chain.dependencies(1);
    const link = await deps.provider.connected();
    let lieCount = 0;
    const lying = Object.create(link, {
      isAlive: { value: true },
      subscribe: {
        value: (type: string, method: string, params: unknown[], handler: (...update: unknown[]) => void) =>
          link.subscribe(type, method, params, (error: unknown, status: any) => {
            if (status?.inBlock !== undefined) lieCount++;
            handler(error, status?.inBlock === undefined ? status : { inBlock: "block-0" });
          }),
      },
    });
    deps.provider.connected = () => Promise.resolve(lying);
    const block = await new Submitter({ callTimeoutMs: 300_000 }, deps).submit(
      "a",
      alice,
      () => fakeCall("a"),
    );
    assert.equal(lieCount, 1);
    assert.ok(block.number > 0);
    assert.deepEqual(chain.calls, ["a"]);
  }));

Deno.test("a balance that is asked of a node that does not know the block yet is asked again", () =>
  withChain(async (chain) => {
    const deps: any = chain.dependencies(1);
    const { request } = deps;
    const { createTypeUnsafe } = deps.api.registry;
    const free = { toBigInt: () => 100n };
    deps.api.registry.createTypeUnsafe = (...args: unknown[]) => {
      const value = createTypeUnsafe(...args);
      return value?.nonce === undefined
        ? value
        : { ...value, data: { free, frozen: { toBigInt: () => 0n } } };
    };
    let failureCount = 0;
    deps.request = (method: string, params: unknown[]) => {
      if (method !== "state_queryStorageAt" || failureCount > 0) return request(method, params);
      failureCount++;
      return Promise.reject(chainError("chain/request-failed", "request it: the node answers UnknownBlock"));
    };
    const submitter = new Submitter({ callTimeoutMs: 300_000 }, deps);
    await submitter.submit("a", alice, () => fakeCall("a"), { amountRao: 10n });
    assert.equal(failureCount, 1);
    assert.deepEqual(chain.calls, ["a"]);
  }));

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AllReduce,
  type Certificate,
  ChunksInMemory,
  plainCertificate,
} from "../../../src/allreduce/allreduce.ts";
import { planOf } from "../../../src/allreduce/proposal.ts";
import { SkeinError } from "../../../src/base/errors.ts";
import { eventLog, type LogEvent } from "../../../src/base/log.ts";
import { EXCHANGES } from "../../../src/node/exchange_plan.ts";
import type { Run } from "../../../src/node/run_config.ts";
import { StateKeeper } from "../../../src/node/state_keeper.ts";
import { rootOf } from "../../../src/state/merkle.ts";
import type { ModelState } from "../../../src/state/model_state.ts";
import { serveState } from "../../../src/state/serve_state.ts";
import { StateStore } from "../../../src/state/store.ts";
import { certificateOf, proposalOf } from "../../property/fuzz/round_examples.ts";
import { makeState, RUN_ID } from "../state/make_state.ts";
import { MemoryNetwork } from "../state/memory_transport.ts";

const { elementCount } = proposalOf(0);
const run = {
  runId: RUN_ID,
  config: { exchange: EXCHANGES.f32, training: { outerLearningRate: 1, outerMomentum: 0 } },
} as unknown as Run;
/** A result that changes nothing, cut as the plan of those certificates cuts it. */
const zerosOf = () =>
  new ChunksInMemory(planOf(proposalOf(0)).chunks.map(({ elements }) => new Uint8Array(4 * elements)));

/** A state of random values made from `anchorRoot`, as far as its certificate tells. */
function madeState(step: number, anchorRoot: string): ModelState {
  const proposal = { ...proposalOf(0), outerStep: step, anchorRoot };
  const certificate = { ...certificateOf(proposal, proposal), outerStep: step };
  return { ...makeState(step, elementCount), certificate: plainCertificate(certificate) };
}

interface Scene {
  readonly network: MemoryNetwork;
  readonly events: LogEvent[];
  readonly resumed: Certificate[];
  readonly keeper: StateKeeper;
}

/** A node with the untrained model; `fetch` is what the members give it of a result. */
async function withKeeper(fetch: () => Promise<ChunksInMemory>, body: (scene: Scene) => Promise<void>) {
  const home = await mkdtemp(join(tmpdir(), "skein-states-"));
  try {
    const network = new MemoryNetwork();
    const events: LogEvent[] = [];
    const resumed: Certificate[] = [];
    const log = eventLog((event) => events.push(event));
    const keeper = await StateKeeper.open(run, new Float32Array(elementCount), {
      transport: network.join("self"),
      allReduce: {
        verify: () => {},
        resume: (certificate: Certificate) => resumed.push(certificate),
        fetch,
      } as unknown as AllReduce,
      store: await StateStore.open(home, { log }),
      log,
    });
    await body({ network, events, resumed, keeper });
  } finally {
    await rm(home, { recursive: true });
  }
}

/** Serves state 4, then 5 that was made from it, as a peer that took the step while it served. */
async function serveTwo(network: MemoryNetwork): Promise<ModelState[]> {
  const parent = madeState(4, "33".repeat(32));
  const newest = madeState(5, await rootOf(parent));
  let current = parent;
  serveState(network.join("peer"), () => current);
  const ask = () =>
    network.join("somebody").request("peer", { type: "state-head", header: {} }, {
      maxBodyBytes: 1 << 20,
      timeoutMs: 1000,
    });
  await ask();
  current = newest;
  return [parent, newest];
}

const signal = new AbortController().signal;

Deno.test("a node that gets only as far as the parent tells that it has moved, and stands on it", async () => {
  const failure = () =>
    Promise.reject(new SkeinError("allreduce/no-result", "fetch a result: nobody has it"));
  await withKeeper(failure, async ({ network, events, resumed, keeper }) => {
    const [parent] = await serveTwo(network);
    assert.equal(await keeper.catchUp(signal), true);
    assert.deepEqual(keeper.current, parent);
    assert.equal(keeper.root, await rootOf(parent));
    assert.deepEqual(resumed.map(({ outerStep }) => outerStep), [4]);
    const [fetched] = events.filter(({ event }) => event === "state-fetched");
    assert.deepEqual([fetched.from, fetched.outerStep, fetched.root], [0, 4, keeper.root]);
    assert.equal(events.filter(({ level }) => level === "warn").length, 1);
    // Again: the state is the same as before, and so it is told.
    assert.equal(await keeper.catchUp(signal), false);
  });
});

Deno.test("a node that gets the result takes the step from the parent", async () => {
  await withKeeper(() => Promise.resolve(zerosOf()), async ({ network, keeper }) => {
    const [parent] = await serveTwo(network);
    assert.equal(await keeper.catchUp(signal), true);
    assert.equal(keeper.current.outerStep, 5);
    assert.deepEqual(keeper.current.parameters, parent.parameters, "a step of nothing");
  });
});

Deno.test("nobody to ask, or nobody that has the leaves: the state stays and false is told", async () => {
  await withKeeper(() => Promise.resolve(zerosOf()), async ({ network, events, keeper }) => {
    assert.equal(await keeper.catchUp(signal), false);
    await serveTwo(network);
    network.faults.set("peer", (message, honest) => {
      if (message.type !== "state-head") throw new SkeinError("net/closed", "gone");
      return honest();
    });
    assert.equal(await keeper.catchUp(signal), false);
    assert.equal(keeper.current.outerStep, 0);
    assert.equal(events.filter(({ event }) => event === "state-fetched").length, 0);
  });
});

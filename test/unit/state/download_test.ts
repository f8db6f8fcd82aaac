import assert from "node:assert/strict";
import { SkeinError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { Transport } from "../../../src/base/transport.ts";
import { downloadHead, type DownloadOptions } from "../../../src/state/download_state.ts";
import { askHeads, type Head, type VerifyHead } from "../../../src/state/heads.ts";
import { leafCount, rootOf } from "../../../src/state/merkle.ts";
import type { ModelState } from "../../../src/state/model_state.ts";
import { serveState } from "../../../src/state/serve_state.ts";
import { makeState, RUN_ID } from "./make_state.ts";
import { MemoryNetwork } from "./memory_transport.ts";

const COUNT = 700_000; // 5.6 MB, 6 leaves; momentum begins inside the third
const LEAVES = leafCount(COUNT);
const present = makeState(5, COUNT);
const base: DownloadOptions = { runId: RUN_ID, elementCount: COUNT, log: silentLog };

/** A network of peers that serve these states, and the transport of one more. */
function swarm(states: Record<string, ModelState | undefined>) {
  const network = new MemoryNetwork();
  for (const [peer, state] of Object.entries(states)) serveState(network.join(peer), () => state);
  const self = network.join("self");
  return { network, self, peers: Object.keys(states) };
}
/** What peers have, the newest first. */
async function headsOf(self: Transport, peers: string[], verifyHead?: VerifyHead): Promise<Head[]> {
  const heads = await askHeads(peers, { timeoutMs: 1000, verifyHead }, { transport: self, log: silentLog });
  return heads.sort((a, b) => b.outerStep - a.outerStep);
}
/** The newest of what peers have. */
async function download(self: Transport, peers: string[], options = base): Promise<ModelState> {
  return await downloadHead(self, (await headsOf(self, peers))[0], options);
}
const asked = (network: MemoryNetwork, type: string) =>
  network.requests.filter((r) => r.endsWith(`/${type}`));

Deno.test("a state comes whole from several peers, a bounded number of leaves at a time", async () => {
  const { network, self, peers } = swarm({ a: present, b: present, c: present });
  assert.deepEqual(await download(self, peers), present);
  assert.equal(asked(network, "state-leaf").length, LEAVES);
  assert.equal(new Set(asked(network, "state-leaf")).size, 3);
  assert.ok(network.maximumInFlight <= 6);
});

Deno.test("a peer that serves altered leaves is penalised and the others finish", async () => {
  const { network, self, peers } = swarm({ a: present, b: present });
  network.faults.set("a", async (message, honest) => {
    const answer = await honest();
    if (message.type === "state-leaf") answer.body![17] ^= 1;
    return answer;
  });
  const state = await download(self, peers);
  assert.equal(await rootOf(state), await rootOf(present));
  assert.ok(network.offences.a["state/bad-answer"] >= 1);
  assert.equal(network.offences.b, undefined);
});

Deno.test("a peer that lies about the leaf list or sends a short leaf is passed over", async () => {
  for (const lie of ["state-leaves", "state-leaf"]) {
    const { network, self, peers } = swarm({ a: present, b: present });
    // The liar's head comes first, so that it is the one asked for the leaf list.
    const liarAnswered = Promise.withResolvers<void>();
    network.faults.set("b", async (message, honest) => {
      if (message.type === "state-head") await liarAnswered.promise;
      return await honest();
    });
    network.faults.set("a", async (message, honest) => {
      const answer = await honest();
      if (message.type === "state-head") liarAnswered.resolve();
      return message.type === lie ? { ...answer, body: answer.body!.slice(32) } : answer;
    });
    assert.deepEqual(await download(self, peers), present);
    assert.deepEqual(Object.keys(network.offences), ["a"]);
  }
});

Deno.test("a peer that dies in the middle costs nothing but its leaves", async () => {
  const { network, self, peers } = swarm({ a: present, b: present });
  let served = 0;
  network.faults.set("a", (message, honest) => {
    if (message.type === "state-leaf" && ++served > 1) throw new SkeinError("net/closed", "gone");
    return honest();
  });
  assert.deepEqual(await download(self, peers), present);
  assert.deepEqual(network.offences, {});
});

Deno.test("only the leaves that differ are fetched in a repair", async () => {
  const { network, self, peers } = swarm({ a: present });
  const local = { ...present, momentum: present.momentum.slice(), outerStep: 5 };
  local.momentum[COUNT - 1] += 1;
  local.momentum[0] += 1;
  assert.deepEqual(await download(self, peers, { ...base, local }), present);
  assert.equal(asked(network, "state-leaf").length, 2);
  assert.notDeepEqual(local.momentum, present.momentum);
});

Deno.test("each state on offer is told once, with its certificate and all who have it", async () => {
  const newer = makeState(6, COUNT);
  const other = makeState(6, COUNT, 99);
  const { self, peers } = swarm({ a: present, b: newer, c: newer, d: other, e: undefined });
  const heads = await headsOf(self, [...peers, "gone"]);
  const holders = Object.fromEntries(heads.map(({ root, peers }) => [root, [...peers].sort()]));
  assert.deepEqual(holders, {
    [await rootOf(present)]: ["a"],
    [await rootOf(newer)]: ["b", "c"],
    [await rootOf(other)]: ["d"],
  });
  assert.deepEqual(heads.map(({ certificate }) => certificate), [{ step: 6 }, { step: 6 }, { step: 5 }]);
});

Deno.test("a head whose certificate fails the caller's check is refused and counted", async () => {
  const { network, self, peers } = swarm({ a: present, b: makeState(9, COUNT) });
  const verifyHead = ({ certificate }: { certificate: unknown }) => {
    if ((certificate as { step: number }).step === 9) {
      throw new SkeinError("allreduce/bad-certificate", "forged");
    }
    return true;
  };
  const heads = await headsOf(self, peers, verifyHead);
  assert.deepEqual(heads.map(({ outerStep, peers }) => [outerStep, peers]), [[5, ["a"]]]);
  assert.deepEqual(Object.keys(network.offences), ["b"]);
});

Deno.test("a download that began before an outer step ends with the state it began", async () => {
  const network = new MemoryNetwork();
  let current = present;
  serveState(network.join("a"), () => current);
  network.faults.set("a", (message, honest) => {
    if (message.type === "state-leaf") current = next;
    return honest();
  });
  const next = makeState(6, COUNT);
  const self = network.join("self");
  assert.deepEqual(await download(self, ["a"]), present);
  assert.deepEqual(await download(self, ["a"]), next);
});

Deno.test("nobody who has the state, and only liars, are one typed error", async () => {
  const noSource = (error: any) => error.code === "state/no-source";
  const { network, self, peers } = swarm({ a: present, b: present, c: makeState(4, COUNT) });
  const [head] = await headsOf(self, peers);
  for (const holders of [[], ["gone"], ["c"]]) {
    await assert.rejects(() => downloadHead(self, { ...head, peers: holders }, base), noSource);
  }
  for (const liar of ["a", "b"]) {
    network.faults.set(liar, async (message, honest) => {
      const answer = await honest();
      if (message.type === "state-leaf") answer.body![17] ^= 1;
      return answer;
    });
  }
  await assert.rejects(() => downloadHead(self, head, base), noSource);
  assert.deepEqual(Object.keys(network.offences).sort(), ["a", "b"]);
});

Deno.test("garbage for a head is counted and no reason to fail", async () => {
  const { network, self, peers } = swarm({ a: present, b: present });
  network.faults.set(
    "b",
    async () => ({ type: "state-head", header: { heads: "none" }, body: new Uint8Array(3) }),
  );
  assert.deepEqual(await download(self, peers), present);
  assert.deepEqual(Object.keys(network.offences), ["b"]);
});

Deno.test("an aborted download rejects with the signal's reason", async () => {
  const { network, self, peers } = swarm({ a: present });
  const controller = new AbortController();
  const reason = new Error("stopped");
  network.faults.set("a", (message, honest) => {
    if (message.type === "state-leaf") controller.abort(reason);
    return honest();
  });
  const running = download(self, peers, { ...base, signal: controller.signal });
  await assert.rejects(() => running, (error) => error === reason);
});

Deno.test("malformed requests are refused with typed errors", async () => {
  const { self } = swarm({ a: present });
  const root = await rootOf(present);
  const ask = (type: string, header: Record<string, unknown>) =>
    self.request("a", { type, header }, { maxBodyBytes: 1 << 20, timeoutMs: 1000 });
  const code = (expected: string) => (error: any) => error.code === expected;
  await assert.rejects(() => ask("state-leaves", {}), code("state/bad-request"));
  await assert.rejects(() => ask("state-leaves", { root: "00".repeat(32) }), code("state/not-kept"));
  await assert.rejects(() => ask("state-leaf", { root, index: LEAVES }), code("state/bad-request"));
  await assert.rejects(() => ask("state-leaf", { root, index: -1 }), code("state/bad-request"));
});

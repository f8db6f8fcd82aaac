import assert from "node:assert/strict";
import { equalBytes, sha256Sync, toHex } from "../../../src/base/bytes.ts";
import { silentLog } from "../../../src/base/log.ts";
import { fetchResult, ResultShelf, serveResults } from "../../../src/state/results.ts";
import { MemoryNetwork } from "./memory_transport.ts";

const chunks = [0, 1, 2, 3, 4].map((i) => new Uint8Array(100 + i).fill(i));
const certificate = { digests: chunks.map((chunk) => toHex(sha256Sync(chunk))) };
const verify = (found: any) => {
  if (found.digests.join() !== certificate.digests.join()) throw new Error("forged");
  return chunks.map((chunk, i) => ({
    encodedBytes: chunk.byteLength,
    isValid: (bytes: Uint8Array) => toHex(sha256Sync(bytes)) === found.digests[i],
  }));
};
const noSource = (error: any) => error.code === "state/no-source";

function swarm(...peers: string[]) {
  const network = new MemoryNetwork();
  for (const peer of peers) {
    const shelf = new ResultShelf();
    shelf.put({ outerStep: 7, certificate, plan: { spans: [1] }, chunks });
    serveResults(network.join(peer), shelf);
  }
  return { network, self: network.join("self"), options: { outerStep: 7, verify, log: silentLog } };
}

Deno.test("a committed result comes whole from its peers", async () => {
  const { self, options } = swarm("a", "b");
  const result = await fetchResult(self, ["a", "b"], options);
  assert.deepEqual(result.certificate, certificate);
  assert.deepEqual(result.plan, { spans: [1] });
  assert.ok(result.chunks.every((chunk, i) => equalBytes(chunk, chunks[i])));
});

Deno.test("a forged certificate, a corrupt chunk and a dead peer do not keep the result away", async () => {
  for (const fault of ["forge", "corrupt", "die"]) {
    const { network, self, options } = swarm("a", "b");
    network.faults.set("a", async (message, honest) => {
      const answer = await honest();
      if (fault === "die") throw new Error("gone");
      const isTarget = message.type === (fault === "forge" ? "result-head" : "result-chunk");
      if (!isTarget) return answer;
      return { ...answer, body: answer.body!.map((byte, i) => (i === 60 ? byte ^ 1 : byte)) };
    });
    assert.equal((await fetchResult(self, ["a", "b"], options)).chunks.length, 5);
    assert.deepEqual(Object.keys(network.offences), fault === "die" ? [] : ["a"]);
  }
});

Deno.test("without an honest peer there is no result", async () => {
  const { network, self, options } = swarm("a");
  await assert.rejects(() => fetchResult(self, ["a"], { ...options, outerStep: 8 }), noSource);
  await assert.rejects(() => fetchResult(self, ["nobody"], options), noSource);
  network.faults.set("a", async () => ({ type: "result-head", header: {}, body: Uint8Array.of(0xff, 0xff) }));
  await assert.rejects(() => fetchResult(self, ["a"], options), noSource);
});

Deno.test("the last four results are kept", () => {
  const shelf = new ResultShelf();
  for (const outerStep of [1, 2, 3, 5, 4, 6]) shelf.put({ outerStep, certificate, plan: null, chunks });
  assert.deepEqual([1, 2, 3, 4, 5, 6].map((step) => shelf.get(step) !== undefined), [
    false,
    false,
    true,
    true,
    true,
    true,
  ]);
});

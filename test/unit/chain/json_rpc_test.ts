import { strict as assert } from "node:assert";
import { JsonRpc, RpcError } from "../../../src/chain/json_rpc.ts";

function make() {
  const sent: { id: number; method: string }[] = [];
  const rpc = new JsonRpc((text) => sent.push(JSON.parse(text)));
  return { sent, rpc, receive: (message: unknown) => rpc.receive(JSON.stringify(message)) };
}

Deno.test("answers find their requests in any order, and a second answer is ignored", async () => {
  const { sent, rpc, receive } = make();
  const [a, b] = [rpc.request("a", []), rpc.request("b", [])];
  receive({ id: sent[1].id, result: 2 });
  receive({ id: sent[0].id, result: 1 });
  receive({ id: sent[0].id, result: 3 });
  assert.deepEqual([await a, await b], [1, 2]);
  assert.equal(rpc.pendingCount, 0);
});

Deno.test("all news that came before a subscription's answer is delivered, in order", async () => {
  const { sent, rpc, receive } = make();
  const seen: unknown[] = [];
  const done = rpc.subscribe("x_update", "x_watch", [], (_, result) => seen.push(result));
  for (const result of ["ready", "inBlock"]) {
    receive({ method: "x_update", params: { subscription: "s1", result } });
  }
  receive({ id: sent[0].id, result: "s1" });
  receive({ method: "x_update", params: { subscription: "s1", result: "finalized" } });
  assert.equal(await done, "s1");
  assert.deepEqual(seen, ["ready", "inBlock", "finalized"]);
});

Deno.test("a node's error carries its code and words", async () => {
  const { sent, rpc, receive } = make();
  const refused = rpc.request("x", []);
  receive({
    id: sent[0].id,
    error: { code: 1010, message: "Invalid Transaction", data: "Custom error: 11" },
  });
  await assert.rejects(
    refused,
    (error) =>
      error instanceof RpcError && error.code === 1010 &&
      error.message === "1010: Invalid Transaction: Custom error: 11",
  );
});

Deno.test("what is no JSON-RPC is told to the caller", () => {
  const { rpc } = make();
  for (const text of ["", "nonsense", "null", "17"]) assert.throws(() => rpc.receive(text));
});

Deno.test("a node's words are neither endless nor do they move a terminal's cursor", () => {
  const error = new RpcError({
    code: 1,
    message: `\u001b[2J${"a".repeat(1e6)}`,
    data: `\u009b1A${"b".repeat(1e6)}`,
  });
  assert.ok(error.message.length < 600);
  assert.match(error.message, /^1: {2}\[2Ja+: {2}1Ab+$/);
});

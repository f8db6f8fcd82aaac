/** What pools say of a transaction that they let go. */
import { strict as assert } from "node:assert";
import type { UpdateHandler } from "../../../src/chain/json_rpc.ts";
import type { Link } from "../../../src/chain/link.ts";
import { submitAndWatch } from "../../../src/chain/pool_watch.ts";

async function endAfter(...updates: unknown[]) {
  const link = {
    ended: new Promise(() => {}),
    unsubscribe() {},
    subscribe: (_: string, __: string, ___: unknown, onUpdate: UpdateHandler) => {
      for (const update of updates) onUpdate(null, update);
      return Promise.resolve("id");
    },
  };
  return await (await submitAndWatch(link as unknown as Link, "0x00")).ended;
}

Deno.test("the first of a pool's updates that matters is the end, with the reason where one is given", async () => {
  assert.deepEqual(await endAfter("ready", { broadcast: ["5F"] }, { inBlock: "0xab" }, "dropped"), {
    ...{ kind: "inBlock", blockHash: "0xab" },
  });
  assert.deepEqual(await endAfter("invalid"), { kind: "gone", status: "invalid" });
  assert.deepEqual(await endAfter({ ready: null }, { invalid: { payment: null } }), {
    ...{ kind: "gone", status: 'invalid {"payment":null}' },
  });
  assert.deepEqual(await endAfter({ usurped: "0xcd" }), { kind: "gone", status: "usurped" });
  const long: any = await endAfter({ invalid: { custom: "x".repeat(1000) } });
  assert.equal(long.status.length, 256);
});

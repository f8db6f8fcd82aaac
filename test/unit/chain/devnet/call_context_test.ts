import { strict as assert } from "node:assert";
import { contextOn, type EncodedEvent } from "../../../../src/chain/devnet/blocks/call_context.ts";
import { EMPTY_STATE, Overlay } from "../../../../src/chain/devnet/pallets/overlay.ts";
import { system } from "../../../../src/chain/devnet/pallets/system.ts";

Deno.test("an event that cannot be encoded fails where it is told, and is not among the block's", () => {
  const events: EncodedEvent[] = [];
  const context = contextOn(
    new Overlay(EMPTY_STATE),
    undefined,
    { name: "Initialization" },
    1,
    events,
  );
  assert.throws(() => context.deposit(system, "NewAccount", { account: "nobody" }));
  assert.throws(() => context.deposit(system, "NoSuchEvent", {}));
  assert.deepEqual(events, []);
  context.deposit(system, "NewAccount", { account: new Uint8Array(32) });
  assert.equal(events.length, 1);
});

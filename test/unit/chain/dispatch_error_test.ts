import { strict as assert } from "node:assert";
import { callRefused, ERRORS_WITH_ADVICE } from "../../../src/chain/dispatch_error.ts";
import { offlineApi } from "./offline_api.ts";
import { metadataSpec293, metadataSpec393 } from "./recorded.ts";

Deno.test("advice is given on errors that a runtime has, not on names that none has", async () => {
  const known = new Set(["Token.FundsUnavailable", "BadOrigin"]);
  for (const [metadata, version] of [[metadataSpec293(), 293], [metadataSpec393(), 393]] as const) {
    const api = await offlineApi(metadata, version);
    for (const [section, errors] of Object.entries(api.errors)) {
      const pallet = section[0].toUpperCase() + section.slice(1);
      for (const name of Object.keys(errors)) known.add(`${pallet}.${name}`);
    }
  }
  assert.deepEqual(ERRORS_WITH_ADVICE.filter((name) => !known.has(name)), []);
});

Deno.test("what the pool refuses for a reason of subtensor's is told in words", () => {
  const refused = callRefused("serve axon", { code: 1010, message: "Invalid Transaction: Custom error: 11" });
  assert.match(refused.message, /the IP address is refused/);
});

Deno.test("the pool's numbers are told by their names, and one that says nothing by what the call tells of it", () => {
  const refused = (custom: number, method: string): any =>
    callRefused("do it", { code: 1010, message: `{"invalid":{"custom":${custom}}}` }, method);
  assert.match(refused(255, "addStake").message, /BadRequest.*not started yet/);
  assert.match(refused(255, "serveAxon").message, /BadRequest.*gives no reason/);
  assert.match(refused(6, "registerNetwork").message, /RateLimitExceeded.*created only so often/);
  assert.match(refused(6, "burnedRegister").message, /in this interval/);
  assert.match(refused(6, "commitTimelockedWeights").message, /weights rate limit/);
  assert.equal(refused(19, "setWeights").payload.customName, "UidNotFound");
  assert.match(refused(99, "setWeights").message, /see CustomTransactionError/);
  const unpaid = callRefused("do it", { code: 1010, message: '{"invalid":{"payment":null}}' }, "addStake");
  assert.match(unpaid.message, /fund the account/);
});

import { strict as assert } from "node:assert";
import { callRefused, ERRORS_WITH_ADVICE } from "../../../src/chain/dispatch_error.ts";
import { offlineApi } from "./offline_api.ts";
import { metadataSpec293, metadataSpec393 } from "./recorded.ts";

Deno.test("advice is given on errors that a runtime has, not on names that none has", async () => {
  const known = new Set(["Token.FundsUnavailable"]);
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

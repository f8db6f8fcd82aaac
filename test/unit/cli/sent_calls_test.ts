import assert from "node:assert/strict";
import { SentCalls } from "../../../src/cli/sent_calls.ts";

Deno.test("whoever stops a command is told what was sent, and how far each call has come", () => {
  const calls = new SentCalls();
  assert.equal(calls.describeStop(), "stopped; nothing was sent");
  calls.observe("transfer 5 rao", 1, { kind: "sent", lastBlock: 70 });
  assert.match(
    calls.describeStop(),
    /^stopped; "transfer 5 rao" was sent and may still come in until block 70, /,
  );
  calls.observe("transfer 5 rao", 1, { kind: "refused" });
  assert.equal(calls.describeStop(), "stopped; nothing was sent");
  calls.observe("transfer 5 rao", 1, { kind: "included", block: 9, hasFailed: false });
  calls.observe("register", 2, { kind: "included", block: 10, hasFailed: true });
  assert.equal(
    calls.describeStop(),
    'stopped; "transfer 5 rao" is done, in block 9; "register" has failed, in block 10',
  );
});

import assert from "node:assert/strict";
import { cachedVerify } from "../../../src/allreduce/signature_cache.ts";
import { equalBytes, utf8 } from "../../../src/base/bytes.ts";

Deno.test("a right signature is checked once, a wrong one each time, and neither stands for the other", () => {
  let checks = 0;
  const verify = cachedVerify((hotkey, message, signature) => {
    checks++;
    return equalBytes(signature, utf8(`${hotkey} signs ${message.length}`));
  });
  const signed = utf8("a signs 5");
  assert.ok(verify("a", utf8("12345"), signed));
  assert.ok(verify("a", utf8("12345"), signed));
  assert.equal(checks, 1);
  assert.ok(!verify("b", utf8("12345"), signed));
  assert.ok(!verify("a", utf8("1234"), signed));
  assert.ok(!verify("a", utf8("12345"), utf8("a signs 6")));
  assert.ok(!verify("a", utf8("12345"), utf8("a signs 6")));
  assert.equal(checks, 5);
});

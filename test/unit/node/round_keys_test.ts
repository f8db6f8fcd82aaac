import assert from "node:assert/strict";
import { fromHex, utf8 } from "../../../src/base/bytes.ts";
import { ed25519RoundKeys } from "../../../src/node/round_keys.ts";

Deno.test("a round key signs for itself alone, and each is another", () => {
  const [a, b] = [ed25519RoundKeys.create(), ed25519RoundKeys.create()];
  assert.match(a.publicKey, /^[0-9a-f]{64}$/);
  assert.notEqual(a.publicKey, b.publicKey);
  const message = utf8("skein");
  const signature = a.sign(message);
  assert.equal(signature.byteLength, 64);
  assert.ok(ed25519RoundKeys.verify(a.publicKey, message, signature));
  assert.ok(!ed25519RoundKeys.verify(b.publicKey, message, signature));
  assert.ok(!ed25519RoundKeys.verify(a.publicKey, utf8("skeim"), signature));
  assert.deepEqual(Object.keys(a), ["publicKey", "sign"]);
});

Deno.test("round keys are Ed25519 as RFC 8032 has it (section 7.1, test 2)", () => {
  const roundKey = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
  const signature = fromHex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  );
  assert.ok(ed25519RoundKeys.verify(roundKey, fromHex("72"), signature));
});

Deno.test("what is no key or no signature is false, not thrown", () => {
  const { publicKey, sign } = ed25519RoundKeys.create();
  const signature = sign(utf8("skein"));
  for (const key of ["", "00", "02" + "00".repeat(31), publicKey + "00", "ff".repeat(32), "zz".repeat(32)]) {
    assert.ok(!ed25519RoundKeys.verify(key, utf8("skein"), signature), key);
  }
  for (const wrong of [new Uint8Array(0), signature.subarray(1), new Uint8Array(64), new Uint8Array(65)]) {
    assert.ok(!ed25519RoundKeys.verify(publicKey, utf8("skein"), wrong));
  }
});

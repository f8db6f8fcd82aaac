/** The algorithms beneath key files against vectors that others published. */
import { strict as assert } from "node:assert";
import { secretbox } from "@noble/ciphers/salsa.js";
import { argon2i } from "hash-wasm";
import { fromHex, toHex, utf8 } from "../../../../src/base/bytes.ts";
import { publicKeyOf, ss58Of } from "../../../../src/chain/sr25519.ts";
import { secretFromPhrase, secretFromSeedText } from "../../../../src/chain/wallet/secret.ts";
import {
  cryptoReady,
  devAccount,
  keyFromSecret,
  verifySignature,
} from "../../../../src/chain/wallet/wallet.ts";

Deno.test("Argon2i 1.3 equals the test vectors of its reference implementation", async () => {
  const hash = (memorySize: number) =>
    argon2i({
      ...{
        password: "password",
        salt: "somesalt",
        iterations: 2,
        memorySize,
        parallelism: 1,
        hashLength: 32,
      },
      outputType: "hex",
    });
  assert.equal(await hash(256), "89e9029f4637b295beb027056a7336c414fadd43f6b208645281cb214a56452f");
  assert.equal(await hash(65536), "c1628832147d9720c5bd1cfd61367078729f6dfb6f8fea9ff98158e0d7816ed0");
});

Deno.test("a secretbox equals the example of NaCl's own tests", () => {
  const key = fromHex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
  const nonce = fromHex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
  const plain = fromHex(
    "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c6129" +
      "6cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde" +
      "048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705",
  );
  const box =
    "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186a" +
    "c0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae" +
    "90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74" +
    "e355a5";
  assert.equal(toHex(secretbox(key, nonce).seal(plain)), box);
  assert.deepEqual(secretbox(key, nonce).open(fromHex(box)), plain);
});

Deno.test("signatures that polkadot-js' own tests hold verify, and not for another message", async () => {
  await cryptoReady();
  const alice = ss58Of(fromHex("d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"));
  const control = fromHex(
    "1037eb7e51613d0dcf5930ae518819c87d655056605764840d9280984e1b7063" +
      "c4566b55bf292fcab07b369d01095879b50517beca4d26e6a65866e25fec0d83",
  );
  assert.ok(verifySignature(alice, utf8(`I hereby verify that I control ${alice}`), control));
  const signer = ss58Of(fromHex("f84d048da2ddae2d9d8fd6763f469566e8817a26114f39408de15547f6d47805"));
  const wrapped = fromHex(
    "48ce2c90e08651adfc8ecef84e916f6d1bb51ebebd16150ee12df247841a5437" +
      "951ea0f9d632ca165e6ab391532e75e701be6a1caa88c8a6bcca3511f55b4183",
  );
  assert.ok(verifySignature(signer, utf8("<Bytes>message to sign</Bytes>"), wrapped));
  assert.ok(!verifySignature(signer, utf8("message to sign"), wrapped));
});

Deno.test("the development accounts have their known seeds and addresses", async () => {
  await cryptoReady();
  const known = [
    [
      "//Alice",
      "e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a",
      "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
    ],
    [
      "//Bob",
      "398f0c28f98885e046333d4a41c19cee4c37368a9832c6502f6cfd182e2aef89",
      "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty",
    ],
    [
      "//Charlie",
      "bc1ede780f784bb6991a585e4f6e61522c14e1cae6ad0895fb57b9a205a8f938",
      "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y",
    ],
  ];
  for (const [uri, seed, address] of known) {
    assert.equal(devAccount(uri).address, address);
    assert.equal(keyFromSecret(secretFromSeedText(seed)).ss58, address);
    assert.equal(ss58Of(publicKeyOf(address)), address);
  }
});

Deno.test("a mnemonic gives Substrate's seed: that of the entropy, not BIP39's of the words", async () => {
  await cryptoReady();
  // From substrate-bip39's vectors with an empty password: the first 32 bytes.
  const { seed } = secretFromPhrase(
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
  );
  assert.equal(toHex(seed!), "4ed8d4b17698ddeaa1f1559f152f87b5d472f725ca86d341bd0276f1b61197e2");
});

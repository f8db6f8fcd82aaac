/** The certificate as another implementation of X.509 reads it. */
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { CERTIFICATE_NAME, selfSigned } from "../../../src/net/self_signed.ts";

Deno.test("the certificate vouches for its own key, under one name, at any time", () => {
  const { certificate, key } = selfSigned();
  const read = new X509Certificate(certificate);
  assert.equal(read.subject, `CN=${CERTIFICATE_NAME}`);
  assert.equal(read.issuer, read.subject);
  assert.match(read.subjectAltName!, new RegExp(`DNS:"?${CERTIFICATE_NAME}"?$`));
  assert.equal(new Date(read.validFrom).getUTCFullYear(), 2000);
  assert.equal(new Date(read.validTo).getUTCFullYear(), 9999);
  const ownKey = createPublicKey(createPrivateKey(key));
  assert.equal(ownKey.asymmetricKeyType, "ed25519");
  assert.deepEqual(
    read.publicKey.export({ type: "spki", format: "der" }),
    ownKey.export({ type: "spki", format: "der" }),
  );
  assert.ok(verifiesItself(read));
});

Deno.test("each process has a key of its own, and its certificate is good for no other", () => {
  const one = new X509Certificate(selfSigned().certificate);
  const other = new X509Certificate(selfSigned().certificate);
  assert.notDeepEqual(one.raw, other.raw);
  assert.equal(one.verify(other.publicKey), false);
});

const verifiesItself = (certificate: X509Certificate) => certificate.verify(certificate.publicKey);

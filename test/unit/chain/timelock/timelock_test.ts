import assert from "node:assert/strict";
import { fromUtf8, toHex, utf8 } from "../../../../src/base/bytes.ts";
import { Random } from "../../../../src/base/random.ts";
import {
  type Beacon,
  beaconPublicKey,
  decodeWeightsPayload,
  isRoundSignature,
  MAX_MESSAGE_BYTES,
  QUICKNET,
  roundAt,
  signRound,
  timelockDecrypt,
  timelockEncrypt,
} from "../../../../src/chain/timelock/mod.ts";
import { COMMITTER, LOCKED, LOCKED_TEXT, recordedArguments, ROUND, SIGNATURE } from "./vectors.ts";

const secretKey = new Uint8Array(32).fill(7);
const publicKey = beaconPublicKey(secretKey);
const seeded = (seed: number) => {
  const random = new Random(seed);
  return (byteCount: number) => Uint8Array.from({ length: byteCount }, () => random.nextBelow(256));
};
const bad = (reason: RegExp) => ({ code: "chain/bad-timelock", message: reason });

Deno.test("a published pulse of quicknet is verified, and only as what it is", () => {
  assert.ok(isRoundSignature(ROUND, SIGNATURE, QUICKNET.publicKey));
  assert.ok(!isRoundSignature(ROUND + 1, SIGNATURE, QUICKNET.publicKey));
  assert.ok(!isRoundSignature(ROUND, SIGNATURE, publicKey));
  assert.ok(!isRoundSignature(ROUND, SIGNATURE.with(20, SIGNATURE[20] ^ 1), QUICKNET.publicKey));
  assert.ok(!isRoundSignature(ROUND, SIGNATURE.slice(1), QUICKNET.publicKey));
});

Deno.test("a message that bittensor-drand locked opens with the published signature", () => {
  assert.equal(fromUtf8(timelockDecrypt(LOCKED, SIGNATURE)), LOCKED_TEXT);
});

Deno.test("the timelocked weights recorded on spec 293 open, with the hotkey and without", () => {
  const commits = recordedArguments("63").map((args) => args.slice(4, -8)); // netuid, length; the round
  const payloads = commits.map((commit) => timelockDecrypt(commit, SIGNATURE));
  assert.deepEqual(payloads.map((payload) => payload.length), [51, 18]);
  assert.deepEqual(payloads.map((payload) => decodeWeightsPayload(payload, COMMITTER)), [
    { uids: [2, 3], values: [1, 2], versionKey: 0n },
    { uids: [2, 3], values: [2, 1], versionKey: 0n },
  ]);
});

Deno.test("what is locked to a round opens with that round's signature alone", () => {
  const message = utf8("weights");
  const locked = timelockEncrypt(message, { round: 5, publicKey, random: seeded(1) });
  assert.deepEqual(timelockDecrypt(locked, signRound(5, secretKey)), message);
  for (const signature of [signRound(6, secretKey), signRound(5, new Uint8Array(32).fill(8))]) {
    assert.throws(() => timelockDecrypt(locked, signature), bad(/another round or beacon/));
  }
  assert.throws(() => timelockDecrypt(locked, SIGNATURE.slice(1)), bad(/no point/));
});

Deno.test("messages of any length up to the limit go through, longer ones are refused", () => {
  for (const length of [0, 1, MAX_MESSAGE_BYTES]) {
    const message = seeded(length)(length);
    const locked = timelockEncrypt(message, { round: 9, publicKey, random: seeded(2) });
    assert.equal(toHex(timelockDecrypt(locked, signRound(9, secretKey))), toHex(message));
  }
  const tooLong = new Uint8Array(MAX_MESSAGE_BYTES + 1);
  assert.throws(
    () => timelockEncrypt(tooLong, { round: 9, publicKey, random: seeded(2) }),
    bad(/at most 47\d\d are allowed/),
  );
  const none = { round: 9, publicKey: publicKey.slice(1), random: seeded(2) };
  assert.throws(() => timelockEncrypt(utf8("a"), none), bad(/95 bytes that is no point/));
});

Deno.test("a changed bit anywhere in a locked message is noticed", () => {
  const parts = {
    u: 50,
    lengthOfV: 97,
    v: 110,
    w: 150,
    lengthOfBody: 177,
    sealed: 200,
    tag: 240,
    nonce: 255,
  };
  for (const [part, at] of Object.entries(parts)) {
    const changed = LOCKED.with(at, LOCKED[at] ^ 4);
    assert.throws(() => timelockDecrypt(changed, SIGNATURE), { code: "chain/bad-timelock" }, part);
  }
  const otherCipher = LOCKED.with(LOCKED.length - 1, 0);
  assert.throws(() => timelockDecrypt(otherCipher, SIGNATURE), bad(/AES_GCM_ is required/));
  for (let length = 0; length < LOCKED.length; length++) {
    assert.throws(() => timelockDecrypt(LOCKED.slice(0, length), SIGNATURE), { code: "chain/bad-timelock" });
  }
  assert.throws(() => timelockDecrypt(new Uint8Array(5001), SIGNATURE), bad(/at most 5000/));
});

Deno.test("rounds are numbered from one at the beacon's genesis on", () => {
  const beacon: Omit<Beacon, "publicKey"> = { genesisSec: 1000, periodSec: 3 };
  const rounds = [0, 999_999, 1_000_000, 1_002_999, 1_003_000].map((ms) => roundAt(ms, beacon));
  assert.deepEqual(rounds, [0, 0, 1, 1, 2]);
});

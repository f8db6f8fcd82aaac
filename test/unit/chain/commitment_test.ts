import { strict as assert } from "node:assert";
import fc from "fast-check";
import { base58Encode } from "@polkadot/util-crypto";
import { concatBytes, utf8 } from "../../../src/base/bytes.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import { type Announcement, decodeAnnouncement, encodeAnnouncement } from "../../../src/chain/commitment.ts";

const PEER_ID = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

const port = fc.integer({ min: 0, max: 65535 });
const address = fc.oneof(
  fc.tuple(fc.ipV4(), port).map(([ip, port]) => `/ip4/${ip}/tcp/${port}`),
  fc.tuple(fc.ipV4(), port).map(([ip, port]) => `/ip4/${ip}/udp/${port}/webrtc-direct`),
  fc.tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), port).map(([bytes, port]) => {
    const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] * 256 + bytes[2 * i + 1]).toString(16));
    return `/ip6/${new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1)}/tcp/${port}/ws`;
  }),
  fc.tuple(fc.domain().filter((name) => name.length < 30), port).map(([name, port]) =>
    `/dns4/${name}/tcp/${port}/wss`
  ),
);
const ed25519PeerId = fc.uint8Array({ minLength: 32, maxLength: 32 })
  .map((key) => base58Encode(concatBytes(Uint8Array.of(0, 0x24, 8, 1, 0x12, 0x20), key)));
const hashedPeerId = fc.uint8Array({ minLength: 32, maxLength: 32 })
  .map((digest) => base58Encode(concatBytes(Uint8Array.of(0x12, 0x20), digest)));
const announcement: fc.Arbitrary<Announcement> = fc.record({
  role: fc.constantFrom("miner", "validator"),
  peerId: fc.oneof(ed25519PeerId, hashedPeerId),
  addrs: fc.array(address, { maxLength: 2 }),
});

Deno.test("an announcement decodes to what was encoded, within 128 bytes", () => {
  fc.assert(fc.property(announcement, (value) => {
    const bytes = encodeAnnouncement(value);
    assert.ok(bytes.byteLength <= 128);
    assert.deepEqual(decodeAnnouncement(bytes), { ...value });
  }));
});

Deno.test("ten IPv4 addresses fit, and the encoding is the documented one", () => {
  const addrs = Array.from({ length: 10 }, (_, i) => `/ip4/10.0.0.${i}/tcp/4001`);
  const bytes = encodeAnnouncement({ role: "validator", peerId: PEER_ID, addrs });
  assert.equal(bytes.byteLength, 2 + 33 + 1 + 10 * 9);
  assert.deepEqual([...bytes.subarray(0, 3)], [0xa1, 1, 0]);
  assert.deepEqual([...bytes.subarray(35, 45)], [10, 8, 4, 10, 0, 0, 0, 6, 0x0f, 0xa1]);
});

Deno.test("certificate hashes of WebRTC-direct addresses survive", () => {
  const addrs = [
    "/ip4/1.2.3.4/udp/9000/webrtc-direct/certhash/uEiDikp5KVUgkLta1EjUN-IKbHk-dUBg8VzKgf5nXxLK46w",
  ];
  assert.deepEqual(
    decodeAnnouncement(encodeAnnouncement({ role: "miner", peerId: PEER_ID, addrs })).addrs,
    addrs,
  );
});

Deno.test("one address too many is refused by its number", () => {
  const addrs = Array.from({ length: 11 }, (_, i) => `/ip4/10.0.0.${i}/tcp/4001`);
  assert.throws(
    () => encodeAnnouncement({ role: "miner", peerId: PEER_ID, addrs }),
    (error) => isSkeinError(error, "chain/announcement-too-long") && error.payload.keepCount === 10,
  );
});

Deno.test("what is no announcement is refused before it is published", () => {
  const valid: Announcement = { role: "miner", peerId: PEER_ID, addrs: [] };
  const wrong: Announcement[] = [
    { ...valid, peerId: "0OIl" },
    { ...valid, peerId: "" },
    { ...valid, addrs: ["ip4/1.2.3.4/tcp/1"] },
    { ...valid, addrs: ["/ip4/1.2.3.4/tcp/65536"] },
    { ...valid, addrs: ["/ip4/01.2.3.4/tcp/1"] },
    { ...valid, addrs: ["/toString/1"] },
    { ...valid, role: "relay" as "miner" },
  ];
  for (const value of wrong) {
    assert.throws(() => encodeAnnouncement(value), (error) => isSkeinError(error, "chain/bad-announcement"));
  }
});

const decodesOrRefuses = (bytes: Uint8Array) => {
  try {
    const decoded = decodeAnnouncement(bytes);
    assert.deepEqual(encodeAnnouncement(decoded), bytes);
  } catch (error) {
    assert.ok(isSkeinError(error, "chain/bad-announcement"), String(error));
  }
};

Deno.test("random bytes are refused with the typed error, or have the one encoding", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), decodesOrRefuses), { numRuns: 2000 });
  const afterHeader = fc.uint8Array({ maxLength: 130 })
    .map((tail) => concatBytes(Uint8Array.of(0xa1, 0), tail));
  fc.assert(fc.property(afterHeader, decodesOrRefuses), { numRuns: 2000 });
});

Deno.test("an announcement with one byte changed, cut or added is refused or has the one encoding", () => {
  fc.assert(
    fc.property(announcement, fc.nat(), fc.integer({ min: 0, max: 255 }), (value, at, byte) => {
      const bytes = encodeAnnouncement(value);
      const changed = bytes.slice();
      changed[at % bytes.byteLength] = byte;
      decodesOrRefuses(changed);
      decodesOrRefuses(bytes.subarray(0, at % bytes.byteLength));
      decodesOrRefuses(concatBytes(bytes, Uint8Array.of(byte)));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("the text commitments of other subnets are refused", () => {
  const text = utf8("{'peer_id': 'Qm', 'model_huggingface_id': None}");
  assert.throws(() => decodeAnnouncement(text), (error) => isSkeinError(error, "chain/bad-announcement"));
});

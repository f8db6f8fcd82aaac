/** Frames and headers on random, mutated and cut bytes: a typed error or a frame, never more memory than allowed. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8 } from "../../src/base/bytes.ts";
import { SkeinError } from "../../src/base/errors.ts";
import { decodeCborMap, encodeCbor, MAX_CBOR_DEPTH } from "../../src/net/cbor.ts";
import {
  type ByteSource,
  decodeFramePrefix,
  encodeFrameHead,
  type Frame,
  FRAME_KINDS,
  FRAME_PREFIX_BYTES,
  readFrame,
} from "../../src/net/frame.ts";
import { netError } from "../../src/net/errors.ts";

const LIMITS = { maxHeaderBytes: 2000, maxBodyBytes: 5000 };
const TYPED = new Set(["net/frame-malformed", "net/frame-oversized", "net/frame-truncated"]);

/** Hands out bytes and remembers the largest piece that was asked for: what a reader would have allocated. */
class MemorySource implements ByteSource {
  largestBytes = 0;
  #at = 0;
  constructor(readonly bytes: Uint8Array) {}

  async read(count: number): Promise<Uint8Array | null> {
    this.largestBytes = Math.max(this.largestBytes, count);
    const piece = this.bytes.slice(this.#at, this.#at + count);
    if (piece.length === 0) return null;
    if (piece.length < count) throw netError("net/frame-truncated", "read: too few");
    this.#at += count;
    return piece;
  }
}

async function readAll(source: MemorySource): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (let frame = await readFrame(source, LIMITS); frame !== null; frame = await readFrame(source, LIMITS)) {
    frames.push(frame);
  }
  return frames;
}

const leaf = fc.oneof(
  fc.integer(),
  fc.string({ maxLength: 20 }),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true }).filter((x) => !Object.is(x, -0)),
  fc.uint8Array({ maxLength: 32 }),
);
const name = fc.string({ minLength: 1, maxLength: 12 }).filter((key) => !(key in Object.prototype));
const header = fc.dictionary(
  name,
  fc.oneof(
    leaf,
    fc.array(leaf, { maxLength: 5 }),
    fc.dictionary(name, leaf, { maxKeys: 4, noNullPrototype: true }),
  ),
  { maxKeys: 6, noNullPrototype: true },
);
const frame = fc.record({
  kind: fc.constantFrom(...FRAME_KINDS),
  header,
  body: fc.uint8Array({ maxLength: 300 }),
}, { noNullPrototype: true });

function wire(frames: readonly Frame[]): Uint8Array {
  const parts = frames.flatMap((each) => [
    encodeFrameHead(each.kind, each.header, each.body.length, { maxHeaderBytes: 1e6, maxBodyBytes: 1e6 }),
    each.body,
  ]);
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

async function readsOrRefuses(bytes: Uint8Array): Promise<void> {
  const source = new MemorySource(bytes);
  try {
    await readAll(source);
  } catch (error) {
    assert.ok(error instanceof SkeinError && TYPED.has(error.code), String(error));
  }
  assert.ok(source.largestBytes <= Math.max(LIMITS.maxHeaderBytes, LIMITS.maxBodyBytes));
}

Deno.test("frames come back as they were sent", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 4 }), async (frames) => {
      const small = frames.filter((each) => encodeCbor(each.header).length <= LIMITS.maxHeaderBytes);
      assert.deepEqual(await readAll(new MemorySource(wire(small))), small);
    }),
    { numRuns: 200 },
  );
});

Deno.test("random bytes give a typed error", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), readsOrRefuses), { numRuns: 300 });
});

Deno.test("random bytes behind a good prefix give a frame or a typed error", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(6000), fc.nat(10_000), async (rest, h, b) => {
      const bytes = new Uint8Array(FRAME_PREFIX_BYTES + rest.length);
      bytes.set([0x53, 0x4b, 1, 2]);
      new DataView(bytes.buffer).setUint32(4, h % 3 === 0 ? rest.length : h, true);
      new DataView(bytes.buffer).setUint32(8, b % 3 === 0 ? 0 : b, true);
      bytes.set(rest, FRAME_PREFIX_BYTES);
      await readsOrRefuses(bytes);
    }),
    { numRuns: 500 },
  );
});

Deno.test("mutated and cut frames give frames or a typed error", async () => {
  const mutation = fc.record({ at: fc.nat(), value: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { minLength: 1, maxLength: 3 }),
      fc.array(mutation, { maxLength: 8 }),
      fc.nat(),
      async (frames, mutations, cut) => {
        const bytes = wire(frames);
        for (const { at, value } of mutations) bytes[at % bytes.length] = value;
        await readsOrRefuses(bytes.subarray(0, cut % 4 === 0 ? cut % bytes.length : bytes.length));
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("a prefix that is cut short is a typed error", () => {
  for (const length of [0, 1, 11]) {
    assert.throws(() => decodeFramePrefix(new Uint8Array(length), LIMITS), { code: "net/frame-truncated" });
  }
});

Deno.test("nesting is bounded, up to and not above the limit", () => {
  const nested = (levels: number): unknown => levels === 0 ? 1 : [nested(levels - 1)];
  const fits = { a: nested(MAX_CBOR_DEPTH - 1) };
  assert.deepEqual(decodeCborMap(encodeCbor(fits)), fits);
  for (const levels of [MAX_CBOR_DEPTH, 100]) {
    assert.throws(() => decodeCborMap(encodeCbor({ a: nested(levels) })), { code: "net/frame-malformed" });
  }
  assert.throws(() => decodeCborMap(new Uint8Array(60_000).fill(0x81)), { code: "net/frame-malformed" });
});

Deno.test("looser CBOR is refused: other roots, indefinite lengths, repeated keys, wide integers, tags, names of Object", () => {
  const bad = [
    [0x80],
    [0x01],
    [0x43, 1, 2, 3],
    [0xbf, 0xff],
    [0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2],
    [0xa1, 0x61, 0x61, 0x18, 1],
    [0xa1, 0x61, 0x61, 0xc1, 1],
    [0xa1, 0x61, 0x61, 0xf7],
    [0xa1, 0x68, ...utf8("toString"), 0x00],
    [0xa1, 0x61, 0x61, 0xa1, 0x69, ...utf8("__proto__"), 0xf6],
    [0xa0, 0xa0],
    [0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [],
  ];
  for (const bytes of bad) {
    assert.throws(
      () => decodeCborMap(Uint8Array.from(bytes)),
      { code: "net/frame-malformed" },
      String(bytes),
    );
  }
});

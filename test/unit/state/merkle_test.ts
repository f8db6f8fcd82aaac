import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { toHex } from "../../../src/base/bytes.ts";
import {
  LEAF_BYTES,
  leafByteLength,
  leafBytes,
  leafCount,
  leavesOf,
  placeLeaf,
  rootOf,
} from "../../../src/state/merkle.ts";
import { makeState, RUN_ID } from "./make_state.ts";

const sha256 = (...parts: Uint8Array[]) => {
  const hash = createHash("sha256");
  parts.forEach((part) => hash.update(part));
  return hash.digest();
};

Deno.test("the root is what the header of merkle.ts says, worked by hand for three leaves", async () => {
  const count = 300_000; // 2.4 MB: 2 whole leaves and a part
  const state = makeState(9, count);
  const bytes = Buffer.concat([
    new Uint8Array(state.parameters.buffer),
    new Uint8Array(state.momentum.buffer),
  ]);
  const tag = (n: number) => Uint8Array.of(n);
  const leaf = [0, 1, 2].map((i) => sha256(tag(0), bytes.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES)));
  assert.deepEqual((await leavesOf(state)).map(toHex), leaf.map((digest) => digest.toString("hex")));
  const top = sha256(tag(1), sha256(tag(1), leaf[0], leaf[1]), leaf[2]);
  const counts = Buffer.alloc(24);
  counts.writeBigUInt64LE(9n, 0);
  counts.writeBigUInt64LE(BigInt(count), 8);
  counts.writeBigUInt64LE(BigInt(count), 16);
  const root = sha256(tag(2), Buffer.from("skein/state/1"), Buffer.from(RUN_ID, "hex"), counts, top);
  assert.equal(await rootOf(state), root.toString("hex"));
});

Deno.test("the root changes with a bit of either half, the step, the run and the sign of zero", async () => {
  const state = makeState(1, 1000);
  state.parameters[3] = 0;
  const root = await rootOf(state);
  const flipped = (values: Float32Array<ArrayBuffer>) => {
    const copy = values.slice();
    new Uint32Array(copy.buffer)[999] ^= 1;
    return copy;
  };
  const negativeZero = state.parameters.slice();
  negativeZero[3] = -0;
  const others = await Promise.all([
    { ...state, parameters: flipped(state.parameters) },
    { ...state, momentum: flipped(state.momentum) },
    { ...state, parameters: state.momentum, momentum: state.parameters },
    { ...state, outerStep: 2 },
    { ...state, runId: "5f".repeat(32) },
    { ...state, parameters: negativeZero },
  ].map(rootOf));
  assert.equal(new Set([root, ...others]).size, 7);
  assert.equal(await rootOf({ ...state, certificate: null }), root);
});

Deno.test("leaves put back in any order give the same state, at sizes around the border of a leaf", () => {
  for (const count of [0, 1, 131_071, 131_072, 131_073, 262_144, 300_001]) {
    const state = makeState(1, count);
    const parameters = new Float32Array(count);
    const momentum = new Float32Array(count);
    let total = 0;
    for (let i = leafCount(count) - 1; i >= 0; i--) {
      total += leafByteLength(count, i);
      placeLeaf(parameters, momentum, i, leafBytes(state, i));
    }
    assert.equal(total, 8 * count);
    assert.deepEqual(parameters, state.parameters);
    assert.deepEqual(momentum, state.momentum);
  }
});

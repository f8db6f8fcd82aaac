import assert from "node:assert/strict";
import { chunkElementsIn, MAX_GROUP_MEMBERS, MAX_MESH_MEMBERS } from "../../../src/allreduce/proposal.ts";
import { CHUNK_BYTES } from "../../../src/allreduce/result.ts";
import { stepForms } from "../../../src/allreduce/step_form.ts";
import { CpuReducer } from "../../../src/codec/cpu_reducer.ts";
import { sparseTopK } from "../../../src/codec/sparse.ts";
import { u8Blockwise } from "../../../src/codec/u8_blockwise.ts";

const SHAPE = {
  runId: "00".repeat(32),
  seed: "seed",
  elementCount: 1 << 20,
  minGroup: 1,
  samplesPerInnerStep: 1,
  maxInnerSteps: 1,
};
const sparse = { codec: sparseTopK, reducer: new CpuReducer(sparseTopK) };
const dense = { codec: u8Blockwise, reducer: new CpuReducer(u8Blockwise) };

Deno.test("without a warm-up every step has the run's codec", () => {
  const formOf = stepForms(SHAPE, dense);
  assert.deepEqual(formOf(1), formOf(1000));
  assert.equal(formOf(1).codec, u8Blockwise);
  assert.equal(formOf(1).shape.maxGroup, MAX_GROUP_MEMBERS);
});

Deno.test("a warm-up has its codec, reducer and chunks up to its last step, and the groups that can follow", () => {
  const formOf = stepForms(SHAPE, { ...sparse, warmUp: { ...dense, lastStep: 3 } });
  for (const [step, of] of [[1, dense], [3, dense], [4, sparse], [1000, sparse]] as const) {
    const { codec, reducer, shape } = formOf(step);
    assert.equal(codec, of.codec, `step ${step}`);
    assert.equal(reducer, of.reducer);
    assert.equal(shape.codec, of.codec.name);
    assert.equal(shape.maxGroup, MAX_MESH_MEMBERS, "sparse means cannot be summed again");
    for (const each of [codec, codec.result]) {
      assert.ok(each.encodedBytes(shape.chunkElements) <= CHUNK_BYTES);
    }
  }
  assert.notEqual(formOf(3).shape.chunkElements, formOf(4).shape.chunkElements);
});

Deno.test("chunks fit the links of most members, unless their size was chosen or the group is a grid", () => {
  const membersWith = (...bandwidths: number[]) =>
    bandwidths.map((bandwidthBytesPerSec) => ({ bandwidthBytesPerSec }));
  const { shape } = stepForms(SHAPE, dense)(1);
  const timesOf = (of: typeof shape, ...bandwidths: number[]) =>
    Math.round(2 * chunkElementsIn(of, membersWith(...bandwidths)) / of.chunkElements) / 2;
  assert.equal(timesOf(shape, 12.5e6, 12.5e6, 12.5e6), 0.5);
  assert.equal(timesOf(shape, 1e9, 30e6, 30e6, 1e6), 1);
  assert.equal(timesOf(shape, 125e6, 125e6, 1e3), 2);
  assert.equal(timesOf(shape, 1e9, 12.5e6), 0.5, "of two the slower");
  assert.equal(timesOf(shape, 0, 0), 1, "nobody knows");
  assert.equal(timesOf(shape, 0, 125e6, 0), 2, "the others only contribute");
  assert.equal(timesOf(shape, ...Array(MAX_MESH_MEMBERS + 1).fill(125e6)), 1);
  const chosen = stepForms({ ...SHAPE, chunkElements: 4096 }, dense)(1).shape;
  assert.equal(timesOf(chosen, 12.5e6, 12.5e6), 1);
  for (const blocks of [1, 2, 3]) {
    const elements = chunkElementsIn({ ...shape, chunkElements: 1024 * blocks }, membersWith(1e6, 1e6));
    assert.equal(elements, 1024, "whole blocks, at least one");
  }
});

/** A smoke size of the all-reduce bench: real processes, verified; its figures are not judged. */
import assert from "node:assert/strict";
import { benchAllReduce } from "../../../bench/allreduce_bench.ts";
import { codecByName } from "../../../src/codec/by_name.ts";
import { fillValues, resultFault, samplesOf } from "../../../bench/allreduce_values.ts";

Deno.test("two members reduce a megabyte, and the report has every figure", async () => {
  const report = await benchAllReduce({ members: 2, megabytes: 1, codec: "u8", rounds: 2 });
  assert.equal(report.peakRssBytes.length, 2);
  assert.equal(report.secondsOfRounds.length, 2);
  for (
    const figure of [report.goodputBytesPerSec, report.lineRateBytesPerSec, report.share, report.seconds]
  ) {
    assert.ok(figure > 0 && Number.isFinite(figure));
  }
});

Deno.test("the bench finds a mean that is wrong by more than the codec is", () => {
  const codec = codecByName("u8");
  const chunk = { index: 0, reducer: 0, startElement: 2048, elements: 3000 };
  const mean = new Float32Array(chunk.elements);
  for (const member of [0, 1]) {
    const values = new Float32Array(chunk.elements);
    fillValues(values, member, 3, chunk.startElement);
    const back = codec.decode(codec.encode(values), values.length);
    const share = samplesOf(member) / (samplesOf(0) + samplesOf(1));
    for (let e = 0; e < mean.length; e++) mean[e] += share * back[e];
  }
  const encoded = codec.encode(mean);
  assert.equal(resultFault(encoded, chunk, codec, [0, 1], 3), undefined);
  assert.notEqual(resultFault(encoded, chunk, codec, [0, 1], 4), undefined, "another round's values");
  encoded[2000] ^= 4;
  assert.match(resultFault(encoded, chunk, codec, [0, 1], 3)!, /element/);
});

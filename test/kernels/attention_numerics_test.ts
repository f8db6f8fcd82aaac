/** Where a careless softmax breaks: scores beyond exp's range, rows that are all alike, a single token. */
import {
  ATTENTION_TOLERANCE,
  type AttentionCase,
  attentionData,
  runAttention,
  twinAttention,
} from "./attention_run.ts";
import { assertClose, kernelTest } from "./kernel_harness.ts";

const FORMS = ["direct", "tiled"] as const;

const shape: AttentionCase = {
  batchSize: 1,
  contextLength: 37,
  headCount: 2,
  keyValueHeadCount: 1,
  headSize: 16,
  isPacked: false,
};

kernelTest("attention with scores of ±80 stays finite and agrees with its twin", async (gpu, random) => {
  const data = attentionData(random, shape);
  const magnitude = Math.sqrt(80 / Math.sqrt(shape.headSize)); // magnitude²·D/√D is 80.
  const [queries, keys] = data.inputs;
  const queryWidth = shape.headCount * shape.headSize;
  for (let i = 0; i < queries.length; i++) {
    queries[i] = Math.floor(i / queryWidth) % 2 ? magnitude : -magnitude;
  }
  for (let i = 0; i < keys.length; i++) keys[i] = Math.floor(i / shape.headSize) % 3 ? -magnitude : magnitude;
  // A score of 80 is off by up to D·80 units of 2⁻²⁴, 8e-5, and a weight by as much of itself; sums of 37 queries' share.
  const tolerance = { absolute: 5e-3, relative: 1e-3 };
  const expected = twinAttention(data);
  for (const form of FORMS) {
    const actual = await runAttention(gpu, data, form);
    for (const name of ["out", "logSumExp", "dqueries", "dkeys", "dvalues"] as const) {
      assertClose(actual[name], expected[name], tolerance, `${name}, ${form}`);
    }
  }
});

kernelTest("attention over equal keys is the running mean of the values", async (gpu, random) => {
  const data = attentionData(random, shape);
  const [queries, keys, values] = data.inputs;
  queries.fill(0.5);
  keys.fill(-1);
  const { contextLength, headCount, headSize } = shape;
  const means = new Float64Array(contextLength * headCount * headSize);
  for (let d = 0; d < headSize; d++) {
    let sum = 0;
    for (let t = 0; t < contextLength; t++) {
      sum += values[t * headSize + d];
      for (let head = 0; head < headCount; head++) {
        means[(t * headCount + head) * headSize + d] = sum / (t + 1);
      }
    }
  }
  const score = -0.5 * headSize / Math.sqrt(headSize);
  const logs = Float64Array.from(
    { length: headCount * contextLength },
    (_, row) => score + Math.log(row % contextLength + 1),
  );
  for (const form of FORMS) {
    const actual = await runAttention(gpu, data, form);
    assertClose(actual.out, means, ATTENTION_TOLERANCE, `out, ${form}`);
    assertClose(actual.logSumExp, logs, ATTENTION_TOLERANCE, `logSumExp, ${form}`);
  }
});

kernelTest(
  "attention over one token is its value, and only the value has a gradient",
  async (gpu, random) => {
    const data = attentionData(random, { ...shape, contextLength: 1, keyValueHeadCount: 2 });
    const zeros = new Float32Array(data.dout.length);
    for (const form of FORMS) {
      const actual = await runAttention(gpu, data, form);
      assertClose(actual.out, data.inputs[2], ATTENTION_TOLERANCE, `out, ${form}`);
      assertClose(actual.dvalues, data.dout, ATTENTION_TOLERANCE, `dvalues, ${form}`);
      assertClose(actual.dqueries, zeros, ATTENTION_TOLERANCE, `dqueries, ${form}`);
      assertClose(actual.dkeys, zeros, ATTENTION_TOLERANCE, `dkeys, ${form}`);
    }
  },
);

/** The same comparison under `deno bench bench/peers`; what counts are the lines that it prints, medians of its own turns. */
import { openDevice } from "../../src/gpu/mod.ts";
import { comparePeers, FULL_SIZE } from "./comparison.ts";

let isMeasured = false; // Deno.bench calls more often than it is asked to.

Deno.bench({
  name: "ours, jax-js and TensorFlow.js: products and a training step, verified and timed (see the lines)",
  n: 1,
  warmup: 0,
  fn: async () => {
    if (isMeasured) return;
    isMeasured = true;
    const gpu = await openDevice();
    try {
      await comparePeers(gpu, FULL_SIZE, console.log);
    } finally {
      gpu.close();
    }
  },
});

/** The comparison of products at a small size: the engines agree, each gets a rate, and a wrong product is refused. */
import { strict as assert } from "node:assert";
import { jaxJsMatmul } from "../../../bench/peers/jax_js_matmul.ts";
import { compareMatmul, median } from "../../../bench/peers/matmul_comparison.ts";
import { ourMatmul } from "../../../bench/peers/our_matmul.ts";
import { tfjsMatmul } from "../../../bench/peers/tfjs_matmul.ts";
import { openDevice } from "../../../src/gpu/mod.ts";

Deno.test({
  name: "all three engines agree and get a rate in every form",
  sanitizeResources: false, // The peers keep their devices.
  sanitizeOps: false,
  fn: async () => {
    const gpu = await openDevice();
    try {
      const peers = [ourMatmul(gpu), await jaxJsMatmul(), await tfjsMatmul()];
      for (const form of ["nn", "nt", "tn"] as const) {
        const of = { form, rows: 33, columns: 20, inner: 36 };
        const { ours, jaxjs, tfjs } = await compareMatmul(of, peers, { turns: 1, seed: 1, turnFlops: 1 });
        assert.ok(ours > 0 && jaxjs > 0 && tfjs > 0, form);
      }
    } finally {
      gpu.close();
    }
  },
});

Deno.test("an engine whose product is wrong is not timed", async () => {
  const gpu = await openDevice();
  try {
    const ours = ourMatmul(gpu);
    const wrong = {
      name: "tfjs",
      prepare: async () => ({
        run: () => Promise.reject(new Error("timed")),
        read: async () => new Float32Array(8 * 8),
        dispose: () => {},
      }),
    } as const;
    const of = { form: "nn", rows: 8, columns: 8, inner: 8 } as const;
    await assert.rejects(compareMatmul(of, [ours, wrong], { turns: 1, seed: 1 }), /verify tfjs at nn 8×8×8/);
  } finally {
    gpu.close();
  }
});

Deno.test("the median of an even count lies between the middle two", () => {
  assert.equal(median([4, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

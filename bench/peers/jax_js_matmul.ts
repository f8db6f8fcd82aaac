/** jax-js's products: `np.matmul` under `jit`, with the transposition inside, where its compiler can fuse it. */
import { blockUntilReady, defaultDevice, init, jit, numpy as np } from "@jax-js/jax";
import { type MatmulPeer, storedShapes } from "./matmul_peer.ts";

/** @throws when jax-js cannot open the adapter */
export async function jaxJsMatmul(): Promise<MatmulPeer> {
  await openJaxJs();
  const operations = {
    nn: jit((a: np.Array, b: np.Array) => np.matmul(a, b)),
    nt: jit((a: np.Array, b: np.Array) => np.matmul(a, np.transpose(b))),
    tn: jit((a: np.Array, b: np.Array) => np.matmul(np.transpose(a), b)),
  };
  return {
    name: "jaxjs",
    async prepare(of, a, b) {
      const shapes = storedShapes(of);
      const [left, right] = [np.array(a).reshape(shapes.a), np.array(b).reshape(shapes.b)];
      await blockUntilReady([left.ref, right.ref]);
      const multiply = () => operations[of.form](left.ref, right.ref);
      return {
        async run(count) {
          const products = Array.from({ length: count }, multiply);
          await blockUntilReady(products);
          for (const product of products) product.dispose();
        },
        read: async () => await multiply().data() as Float32Array,
        dispose() {
          left.dispose();
          right.dispose();
        },
      };
    },
  };
}

/** Makes WebGPU jax-js's device, on the adapter that it asks for as we do: the one of high performance. */
export async function openJaxJs(): Promise<void> {
  const devices = await init("webgpu");
  if (!devices.includes("webgpu")) {
    throw new Error("open jax-js: it found no WebGPU adapter, one is required");
  }
  defaultDevice("webgpu");
}

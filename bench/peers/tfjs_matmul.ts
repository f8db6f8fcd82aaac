/** TensorFlow.js's products: `tf.matMul` with its own flags of transposition. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgpu";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { type MatmulPeer, storedShapes } from "./matmul_peer.ts";

/** @throws when TensorFlow.js cannot open the adapter */
export async function tfjsMatmul(): Promise<MatmulPeer> {
  if (!await tf.setBackend("webgpu")) {
    throw new Error("open TensorFlow.js: its webgpu backend refused, a WebGPU adapter is required");
  }
  const backend = tf.backend() as WebGPUBackend;
  /** It gathers dispatches in an open pass, which its own submit does not end. */
  const finish = async () => {
    backend.endComputePassEncoder();
    backend.submitQueue();
    await backend.queue.onSubmittedWorkDone();
  };
  return {
    name: "tfjs",
    async prepare(of, a, b) {
      const shapes = storedShapes(of);
      const [left, right] = [tf.tensor2d(a, shapes.a), tf.tensor2d(b, shapes.b)];
      const multiply = () => tf.matMul(left, right, of.form === "tn", of.form === "nt");
      return {
        async run(count) {
          const products = Array.from({ length: count }, multiply);
          await finish();
          tf.dispose(products);
        },
        async read() {
          const product = multiply();
          const values = await product.data<"float32">();
          product.dispose();
          return values;
        },
        dispose: () => tf.dispose([left, right]),
      };
    },
  };
}

/** A thread that computes one key from one password. */
import { computeBoxKey } from "./box_key.ts";

// The library without the page's names has no type for a worker's own scope.
const scope = globalThis as unknown as {
  onmessage: (event: { readonly data: string }) => void;
  postMessage(answer: unknown): void;
};
scope.onmessage = async ({ data }) => scope.postMessage(await computeBoxKey(data));

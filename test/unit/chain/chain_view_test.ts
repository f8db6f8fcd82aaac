import { strict as assert } from "node:assert";
import { type ChainView, firstKeys } from "../../../src/chain/chain_view.ts";

const PREFIX = "0x0123";
const key = (number: number) =>
  PREFIX + (number & 255).toString(16).padStart(2, "0") + (number >> 8).toString(16).padStart(2, "0");

/** A node whose pages are these, and then its last one again and again. */
function nodeWith(pages: string[][]): ChainView {
  let next = 0;
  const request = () => Promise.resolve(pages[Math.min(next++, pages.length - 1)]);
  const api = { query: { subtensorModule: { map: { keyPrefix: () => PREFIX } } } };
  return { api, request, block: { number: 1, hash: "0x" } } as unknown as ChainView;
}

Deno.test("keys are listed over pages, as numbers in order", async () => {
  const first = Array.from({ length: 1000 }, (_, i) => key(i));
  const numbers = await firstKeys(nodeWith([first, [key(2000), key(1500)]]), "map");
  assert.deepEqual(numbers.slice(-3), [999, 1500, 2000]);
});

Deno.test("a node whose pages do not end is given up", async () => {
  const page = Array.from({ length: 1000 }, (_, i) => key(i));
  await assert.rejects(firstKeys(nodeWith([page]), "map"), {
    code: "chain/request-failed",
    message: /do not end/,
  });
});

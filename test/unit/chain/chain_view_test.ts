import { strict as assert } from "node:assert";
import { type ChainView, firstKeys, readItems, subtensorItem } from "../../../src/chain/chain_view.ts";
import { isUnknownBlock } from "../../../src/chain/head_reads.ts";
import { Heads } from "../../../src/chain/heads.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { ApiPromise } from "@polkadot/api";
import { chainError } from "../../../src/chain/errors.ts";
import { SUBNET, viewOf } from "./fake_view.ts";

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

Deno.test("a block that a node knows nothing of is no block of defaults, in whatever way the node says so", async () => {
  const node = (answer: unknown) => Promise.resolve(answer);
  const view = viewOf(500, SUBNET);
  const items = [subtensorItem(view.api, "tempo", 1)];
  for (const answer of [[], null]) {
    const error = await readItems({ ...view, request: () => node(answer) }, items).catch((error) => error);
    assert.ok(isUnknownBlock(error), String(error));
  }
  const keys = await firstKeys(nodeWith([null as unknown as string[]]), "map").catch((error) => error);
  assert.ok(isUnknownBlock(keys), String(keys));
  const hash = `0x${"5e".repeat(32)}`;
  for (
    const words of [`1: Block ${hash} not found`, "4003: Client error: UnknownBlock: State already discarded"]
  ) {
    const error = chainError(
      "chain/request-failed",
      `request state_call of ws://node: the node answers ${words}`,
    );
    assert.ok(isUnknownBlock(error), words);
  }
});

Deno.test("a head whose hash is not the one that the node keeps it under is asked for anew", async () => {
  // A chain that was begun from a state gives its first block any hash.
  const [kept, computed] = [`0x${"45".repeat(32)}`, `0x${"99".repeat(32)}`];
  const asked: string[] = [];
  const answers: Record<string, (params: any[]) => unknown> = {
    chain_getBlockHash: () => kept,
    chain_getFinalizedHead: () => kept,
    chain_getHeader: () => ({ number: "0x0" }),
    state_queryStorageAt: ([keys, hash]) => {
      asked.push(hash);
      return hash === kept ? [{ block: hash, changes: keys.map((key: string) => [key, "0x0100"]) }] : [];
    },
  };
  const request = (method: string, params: unknown[]) => Promise.resolve(answers[method](params));
  const provider = { request, subscribe: () => Promise.resolve("id") } as any;
  const heads = await Heads.follow({} as ApiPromise, provider, silentLog);
  heads.see({ number: 0, hash: computed });
  const view = viewOf(0, SUBNET);
  const read = (block: { number: number; hash: string }) =>
    readItems({ ...view, request, block }, [subtensorItem(view.api, "tempo", 1)]);
  const [tempo] = await heads.read(request, read);
  assert.equal(Number(tempo), 1);
  assert.deepEqual(asked, [computed, kept]);
});

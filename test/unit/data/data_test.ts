import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/bytes.ts";
import { corpusFromBytes, loadDefaultCorpus } from "../../../src/data/corpus.ts";
import { batchFor, joinBatches, PageOrder, validationBatches } from "../../../src/data/pages.ts";
import { loadTextCorpus } from "../../../src/data/text_files.ts";

const code = (expected: string) => (error: any) => error.code === expected;
const corpus = await corpusFromBytes("numbers", Uint8Array.from({ length: 20_000 }, (_, i) => 32 + (i % 90)));

Deno.test("the default corpus is Moby-Dick, and its end is held out", async () => {
  const moby = await loadDefaultCorpus();
  assert.ok(moby.trainTokens.length > 1_000_000);
  assert.ok(/Call me Ishmael/.test(moby.tokenizer.decode(moby.trainTokens.subarray(0, 200))));
  const share = moby.validationTokens.length / (moby.trainTokens.length + moby.validationTokens.length);
  assert.ok(share > 0.049 && share < 0.051);
  assert.ok(/five\s+thousand\s+years\s+ago/.test(moby.tokenizer.decode(moby.validationTokens)));
  assert.match(moby.digest, /^[0-9a-f]{64}$/);
  assert.equal((await loadDefaultCorpus()).digest, moby.digest);
});

Deno.test("a batch holds the assigned pages row by row, each with its following token", () => {
  const request = { seed: 7, outerStep: 3, uid: 5, innerStep: 2, batchSize: 3, contextLength: 10, corpus };
  const batch = batchFor(request);
  assert.equal(batch.length, 33);
  const order = new PageOrder(1899, 7, 3);
  for (let row = 0; row < 3; row++) {
    const start = order.pageOf(5, 6 + row) * 10;
    assert.deepEqual([...batch.subarray(11 * row, 11 * row + 11)], [
      ...corpus.trainTokens.subarray(start, start + 11),
    ]);
  }
  assert.deepEqual(batchFor(request), batch);
  for (const other of [{ seed: 8 }, { outerStep: 4 }, { uid: 6 }, { innerStep: 3 }]) {
    assert.notDeepEqual(batchFor({ ...request, ...other }), batch);
  }
});

Deno.test("page assignment is fixed for all time: changing it splits running swarms", () => {
  const order = new PageOrder(19_000, 1234, 5);
  assert.deepEqual([0, 1, 2].map((k) => order.pageOf(1, k)), [3475, 3288, 2830]);
});

Deno.test("validation batches are held-out, evenly spaced and end with the remainder", () => {
  const batches = validationBatches(corpus, 10, 4, 20);
  assert.deepEqual(batches.map((batch) => batch.length / 21), [4, 4, 2]);
  assert.deepEqual([...batches[0].subarray(0, 21)], [...corpus.validationTokens.subarray(0, 21)]);
  assert.deepEqual([...joinBatches(batches)], batches.flatMap((batch) => [...batch]));
  assert.equal(validationBatches(corpus, 1000, 1000, 100)[0].length, 9 * 101);
});

Deno.test("text files of a directory are joined in the order of their paths", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/b`);
    await Deno.writeTextFile(`${root}/b/two.txt`, "2".repeat(10_000));
    await Deno.writeTextFile(`${root}/a.txt`, "ä".repeat(5_000));
    await Deno.writeTextFile(`${root}/.hidden`, "3");
    const loaded = await loadTextCorpus(root);
    const expected = await corpusFromBytes("x", utf8("ä".repeat(5_000) + "\n\n" + "2".repeat(10_000)));
    assert.equal(loaded.digest, expected.digest);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("text that is missing, empty, too small or not UTF-8 is refused by name", async () => {
  const root = await Deno.makeTempDir();
  try {
    await assert.rejects(() => loadTextCorpus(`${root}/none`), code("data/not-found"));
    await assert.rejects(() => loadTextCorpus(root), code("data/empty"));
    await Deno.writeTextFile(`${root}/a.txt`, "");
    await assert.rejects(() => loadTextCorpus(`${root}/a.txt`), code("data/empty"));
    await Deno.writeTextFile(`${root}/a.txt`, "short");
    await assert.rejects(() => loadTextCorpus(root), code("data/too-small"));
    await Deno.writeFile(`${root}/a.txt`, new Uint8Array(20_000).fill(0xff));
    await assert.rejects(
      () => loadTextCorpus(root),
      (error: any) => error.code === "data/not-utf8" && error.message.includes("a.txt"),
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

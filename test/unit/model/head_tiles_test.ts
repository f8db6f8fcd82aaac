import { strict as assert } from "node:assert";
import { headTiles } from "../../../src/model/mod.ts";

Deno.test("however small the vocabulary, a block has no more rows than a grid, and the blocks cover all", () => {
  for (const bytesPerElement of [2, 4]) {
    const { blocks, blockRows } = headTiles({ rows: 200_001, vocabSize: 256, width: 64 }, {
      logitsBytes: 2 ** 26,
      maxBindingBytes: 2 ** 27,
      maxColumns: Infinity,
      bytesPerElement,
      shardCount: 1,
      rowForm: "workgroup",
    });
    assert.equal(blockRows, 65_408);
    let next = 0;
    for (const { firstRow, rowCount } of blocks) {
      assert.equal(firstRow, next);
      assert.ok(rowCount > 0 && rowCount <= 65_535);
      next += rowCount;
    }
    assert.equal(next, 200_001);
  }
});

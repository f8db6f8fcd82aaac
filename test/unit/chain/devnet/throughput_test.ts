import assert from "node:assert/strict";
import { measureBlocks } from "../../../../bench/devnet_blocks.ts";
import { systemClock } from "../../../../src/base/clock.ts";

Deno.test("blocks full of transfers leave the balances that they should, and the same state each time", async () => {
  const checksums: string[][] = [];
  for (let run = 0; run < 2; run++) {
    const directory = await Deno.makeTempDir();
    const rounds = await measureBlocks({ transactionCount: 30, roundCount: 2, directory }, systemClock);
    checksums.push(rounds.map(({ checksum }) => checksum));
    await Deno.remove(directory, { recursive: true });
  }
  assert.equal(checksums[0][0], checksums[1][0]);
  assert.notEqual(checksums[0][0], checksums[0][1]);
});

import assert from "node:assert/strict";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { systemClock } from "../../../../src/base/clock.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { Chain } from "../../../../src/chain/devnet/blocks/chain.ts";
import { BlockMaker } from "../../../../src/chain/devnet/blocks/maker.ts";
import { BlockStore, KEPT_STATES } from "../../../../src/chain/devnet/blocks/store.ts";
import { storageKey } from "../../../../src/chain/devnet/pallets/storage_entry.ts";
import { SudoKey } from "../../../../src/chain/devnet/pallets/sudo.ts";
import { BlockNumber } from "../../../../src/chain/devnet/pallets/system.ts";
import { Now } from "../../../../src/chain/devnet/pallets/timestamp.ts";
import { TransactionPool } from "../../../../src/chain/devnet/pool/pool.ts";
import type { NodeParts } from "../../../../src/chain/devnet/rpc/method.ts";
import { Params } from "../../../../src/chain/devnet/rpc/params.ts";
import { stateMethods } from "../../../../src/chain/devnet/rpc/state_methods.ts";

Deno.test("a range of blocks is told by its first state and by what each later block changed", async () => {
  await cryptoWaitReady();
  const directory = await Deno.makeTempDir();
  const store = new BlockStore(directory);
  const chain = new Chain(store, () => ({ nonce: new Uint8Array(32), timeMs: 5, hasSteadyTime: true }));
  const pool = new TransactionPool(chain);
  const options = { production: "on-demand", blockMs: 1000 } as const;
  const maker = new BlockMaker(options, { chain, pool, clock: systemClock, log: silentLog });
  const parts = { chain, pool, maker, metadata: () => undefined } as NodeParts;
  const query = (...params: unknown[]) =>
    stateMethods.state_queryStorage(new Params(params), parts, undefined as never) as {
      block: string;
      changes: [string, string | null][];
    }[];
  try {
    const [number, now, sudo, nothing] = [
      storageKey(BlockNumber),
      storageKey(Now),
      storageKey(SudoKey),
      "0x77",
    ];
    const hashes = [chain.genesisHash, ...Array.from({ length: 4 }, () => maker.make().hash)];
    const keys = [number, now, sudo, nothing];
    const at = (block: number) =>
      keys.map((key) =>
        stateMethods.state_getStorage(new Params([key, hashes[block]]), parts, undefined as never)
      );
    const told = query(keys, hashes[1], hashes[3]);
    assert.deepEqual(told.map(({ block }) => block), hashes.slice(1, 4));
    assert.deepEqual(told[0].changes, keys.map((key, i) => [key, at(1)[i]]));
    assert.deepEqual(told[1].changes, [[number, at(2)[0]], [now, at(2)[1]]]);
    assert.deepEqual(told[2].changes, [[number, at(3)[0]], [now, at(3)[1]]]);
    assert.equal(query([number], hashes[0]).length, 5); // to the head
    assert.throws(
      () => query([number], hashes[3], hashes[1]),
      (error: { code?: number }) => error.code === 4001,
    );
    for (let i = 0; i < KEPT_STATES; i++) maker.make();
    assert.throws(() => query([number], hashes[0]), (error: { code?: number }) => error.code === 4003);
  } finally {
    maker.stop();
    store.close();
    await Deno.remove(directory, { recursive: true });
  }
});

import assert from "node:assert/strict";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { equalBytes, fromHex } from "../../../../src/base/bytes.ts";
import { systemClock } from "../../../../src/base/clock.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { Chain } from "../../../../src/chain/devnet/blocks/chain.ts";
import { BlockMaker } from "../../../../src/chain/devnet/blocks/maker.ts";
import { BlockStore } from "../../../../src/chain/devnet/blocks/store.ts";
import { POOL_LIMITS, type PoolLimits, TransactionPool } from "../../../../src/chain/devnet/pool/pool.ts";
import type { Variant } from "../../../../src/chain/scale/composite_types.ts";
import { alice, keyring } from "./devnet_harness.ts";
import { signCall, transferCall } from "./signed_transaction.ts";

const bob = () => keyring.addFromUri("//Bob");
const TO = new Uint8Array(32).fill(7);
const withCode = (code: number) => (error: { code?: number }) => error.code === code;

type Sign = (nonce: number, tip?: bigint, signer?: ReturnType<typeof alice>, call?: Variant) => Uint8Array;

/** A pool with small limits on a new chain, without a server and without a timer. */
function poolTest(
  name: string,
  limits: Partial<PoolLimits>,
  body: (parts: { pool: TransactionPool; maker: BlockMaker; sign: Sign }) => void,
): void {
  Deno.test(name, async () => {
    await cryptoWaitReady();
    const directory = await Deno.makeTempDir();
    const store = new BlockStore(directory);
    const chain = new Chain(store, () => ({ nonce: new Uint8Array(32), timeMs: 0, hasSteadyTime: true }));
    const pool = new TransactionPool(chain, { ...POOL_LIMITS, ...limits });
    const options = { production: "on-demand", blockMs: 1000 } as const;
    const maker = new BlockMaker(options, { chain, pool, clock: systemClock, log: silentLog });
    const genesisHash = fromHex(chain.genesisHash);
    const sign: Sign = (nonce, tip = 0n, signer = alice(), call = transferCall(TO, 1_000_000n)) =>
      signCall(call, signer, { genesisHash, nonce, tip });
    try {
      body({ pool, maker, sign });
    } finally {
      maker.stop();
      store.close();
      await Deno.remove(directory, { recursive: true });
    }
  });
}

poolTest(
  "a sender who has enough waiting is refused, and others are not",
  { senderTransactions: 3 },
  ({ pool, sign }) => {
    for (const nonce of [0, 1, 5]) pool.submit(sign(nonce));
    assert.throws(() => pool.submit(sign(2)), withCode(1016));
    pool.submit(sign(0, 0n, bob()));
    pool.submit(sign(1, 1000n)); // in the place of another
    assert.equal(pool.pending().length, 3);
  },
);

poolTest(
  "a full pool takes nothing more until a block has made room",
  { poolTransactions: 2 },
  ({ pool, maker, sign }) => {
    pool.submit(sign(0));
    pool.submit(sign(0, 0n, bob()));
    assert.throws(() => pool.submit(sign(1)), withCode(1016));
    maker.make();
    pool.submit(sign(1));
  },
);

poolTest("the same bytes are taken once, also while they wait", {}, ({ pool, maker, sign }) => {
  const bytes = sign(0);
  pool.submit(bytes);
  assert.throws(() => pool.submit(bytes), withCode(1013));
  assert.throws(() => pool.submit(sign(0)), withCode(1014)); // another signature of the same call, no higher tip
  maker.make();
  assert.throws(() => pool.submit(bytes), withCode(1010));
});

poolTest(
  "a gap that stays open ends the wait of what is behind it",
  { futureBlocks: 2 },
  ({ pool, maker, sign }) => {
    const statuses: unknown[] = [];
    pool.watch(pool.submit(sign(1)), (status) => void statuses.push(status));
    for (let i = 0; i < 3; i++) maker.make();
    assert.deepEqual(statuses, ["future", "dropped"]);
  },
);

poolTest(
  "a block takes its share, and who was served waits for the others",
  { blockTransactions: 2 },
  (parts) => {
    const { pool, maker, sign } = parts;
    for (const nonce of [0, 1, 2]) pool.submit(sign(nonce));
    pool.submit(sign(0, 0n, bob()));
    const sizes = [maker.make(), maker.make(), maker.make()].map(({ body }) => body.length - 1);
    assert.deepEqual(sizes, [2, 2, 0]);
  },
);

poolTest("a pool that holds enough bytes is full", { poolBytes: 300 }, ({ pool, maker, sign }) => {
  pool.submit(sign(0));
  pool.submit(sign(1));
  assert.throws(() => pool.submit(sign(2)), withCode(1016));
  pool.submit(sign(1, 1000n)); // in the place of another
  assert.throws(() => pool.submit(sign(2)), withCode(1016));
  maker.make();
  pool.submit(sign(2));
});

poolTest("the account of all zeros signs nothing: everybody can sign for it", {}, ({ pool, sign }) => {
  const everybodysSignature = Uint8Array.from({ length: 64 }, (_, i) => i === 63 ? 0x80 : 0);
  const nobody = { publicKey: new Uint8Array(32), sign: () => everybodysSignature } as never;
  const refused = (error: { code?: number; data?: string }) =>
    error.code === 1010 && error.data === "Invalid signing address";
  assert.throws(() => pool.submit(sign(0, 0n, nobody)), refused);
});

const TRILLION = 1_000_000_000_000n;
/** The sudo key's owner may announce any weight; others who try pay for it. */
const heavyCall = (ref_time: bigint, proof_size = 0n) => {
  const call = { name: "System", value: { name: "remark", value: { remark: new Uint8Array() } } };
  return {
    name: "Sudo",
    value: { name: "sudo_unchecked_weight", value: { call, weight: { ref_time, proof_size } } },
  };
};

poolTest("what weighs more than any block lets through is refused at once", {}, ({ pool, sign }) => {
  const refused = (error: { code?: number; data?: string }) =>
    error.code === 1010 && error.data === "Transaction would exhaust the block limits";
  const most = 2_599_891_843_000n;
  assert.throws(() => pool.submit(sign(0, 0n, alice(), heavyCall(most + 1n))), refused);
  assert.throws(() => pool.submit(sign(0, 0n, alice(), heavyCall(0n, (1n << 64n) - 1n))), refused);
  pool.submit(sign(0, 0n, alice(), heavyCall(most)));
});

poolTest("a block takes what it may weigh, each sender's in order", {}, ({ pool, maker, sign }) => {
  pool.submit(sign(0, 0n, bob()));
  for (const nonce of [0, 1]) pool.submit(sign(nonce, 0n, alice(), heavyCall(2n * TRILLION)));
  const sizes = [maker.make(), maker.make()].map(({ body }) => body.length - 1);
  assert.deepEqual(sizes, [2, 1]);
});

poolTest("who found no room in a block comes first in the next", {}, ({ pool, maker, sign }) => {
  const senders = ["//Bob", "//Charlie", "//Dave"].map((uri) => keyring.addFromUri(uri));
  for (const sender of senders) pool.submit(sign(0, 0n, sender, heavyCall(2n * TRILLION)));
  const left = senders.map(() => {
    maker.make();
    return pool.pending().map(({ signer }) =>
      senders.findIndex((each) => equalBytes(each.publicKey, signer))
    );
  });
  assert.deepEqual(left, [[1, 2], [2], []]);
});

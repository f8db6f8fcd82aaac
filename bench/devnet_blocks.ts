/** Blocks full of transfers on the local chain, without sockets: each round is checked before its times count. */
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { sr25519Verify } from "@polkadot/wasm-crypto";
import { assert } from "../src/base/assert.ts";
import { fromHex, toHex } from "../src/base/bytes.ts";
import type { Clock } from "../src/base/clock.ts";
import { silentLog } from "../src/base/log.ts";
import { Chain } from "../src/chain/devnet/blocks/chain.ts";
import { BlockMaker } from "../src/chain/devnet/blocks/maker.ts";
import { BlockStore } from "../src/chain/devnet/blocks/store.ts";
import { TotalIssuance } from "../src/chain/devnet/pallets/balances.ts";
import { Overlay } from "../src/chain/devnet/pallets/overlay.ts";
import { Account } from "../src/chain/devnet/pallets/system.ts";
import { TypedState } from "../src/chain/devnet/pallets/typed_state.ts";
import { TransactionPool } from "../src/chain/devnet/pool/pool.ts";
import { devAccount } from "../src/chain/sr25519.ts";
import { signCall, transferCall } from "../test/unit/chain/devnet/signed_transaction.ts";

export interface RoundTimes {
  /** Decoding, signatures, queues. */
  readonly poolMs: number;
  /** Taking, applying, digest, store. */
  readonly blockMs: number;
  /** The signatures alone: no pool can take transactions faster than that. */
  readonly verifyMs: number;
  /**
   * Of the state after the block. The first round's is always the same; later states hold the hash of a block, and that
   * covers signatures, which are never twice the same.
   */
  readonly checksum: string;
}

const SENDERS = ["//Alice", "//Bob", "//Charlie", "//Dave", "//Eve", "//Ferdie"];
const AMOUNT_RAO = 1_000_000n;
const BLOCK_MS = 1000;

/** @throws when a balance or the issuance is not what the transfers and their fees make of it */
export async function measureBlocks(
  { transactionCount, roundCount, directory }: {
    transactionCount: number;
    roundCount: number;
    directory: string;
  },
  clock: Clock,
): Promise<RoundTimes[]> {
  await cryptoWaitReady();
  const store = new BlockStore(directory);
  try {
    const begin = () => ({ nonce: new Uint8Array(32), timeMs: 0, hasSteadyTime: true });
    const chain = new Chain(store, begin);
    const pool = new TransactionPool(chain);
    const options = { production: "on-demand", blockMs: BLOCK_MS } as const;
    const maker = new BlockMaker(options, { chain, pool, clock, log: silentLog });
    const rounds: RoundTimes[] = [];
    for (let round = 0; round < roundCount; round++) {
      rounds.push(measureRound(round, transactionCount, { chain, pool, maker, clock }));
    }
    maker.stop();
    return rounds;
  } finally {
    store.close();
  }
}

function measureRound(
  round: number,
  transactionCount: number,
  { chain, pool, maker, clock }: { chain: Chain; pool: TransactionPool; maker: BlockMaker; clock: Clock },
): RoundTimes {
  const accounts = SENDERS.map(devAccount);
  const genesisHash = fromHex(chain.genesisHash);
  const nonces = accounts.map(({ publicKey }) => stateOf(chain).get(Account, publicKey).nonce);
  const signed = Array.from({ length: transactionCount }, (_, i) => {
    const sender = i % accounts.length;
    const call = transferCall(receiver(round, i), AMOUNT_RAO);
    return signCall(call, accounts[sender], { genesisHash, nonce: nonces[sender]++ });
  });
  const issuedBefore = stateOf(chain).get(TotalIssuance);
  const freeBefore = accounts.map(({ publicKey }) => stateOf(chain).get(Account, publicKey).data.free);

  const [, poolMs] = timed(clock, () => signed.forEach((each) => pool.submit(each)));
  const [block, blockMs] = timed(clock, () => maker.make());

  assert(block.body.length === transactionCount + 1, "every transaction is in the block");
  const state = stateOf(chain);
  for (let i = 0; i < transactionCount; i++) {
    const { free } = state.get(Account, receiver(round, i)).data;
    assert(free === AMOUNT_RAO, `receiver ${i} has ${free} rao`);
  }
  const paid = accounts.reduce((sum, { publicKey }, i) => {
    return sum + freeBefore[i] - state.get(Account, publicKey).data.free;
  }, 0n);
  const fees = paid - AMOUNT_RAO * BigInt(transactionCount);
  assert(
    fees > 0n && issuedBefore - state.get(TotalIssuance) === fees,
    "what was paid and not received is fees",
  );
  const message = new Uint8Array(150);
  const signature = accounts[0].sign(message);
  const [, verifyMs] = timed(clock, () => {
    for (let i = 0; i < transactionCount; i++) sr25519Verify(signature, message, accounts[0].publicKey);
  });
  return { poolMs, blockMs, verifyMs, checksum: toHex(block.header.stateRoot.subarray(0, 8)) };
}

const stateOf = (chain: Chain) => new TypedState(new Overlay(chain));

/** An account of its own for each transfer. */
function receiver(round: number, index: number): Uint8Array {
  const key = new Uint8Array(32).fill(0x5a);
  new DataView(key.buffer).setUint32(0, round);
  new DataView(key.buffer).setUint32(4, index);
  return key;
}

function timed<T>(clock: Clock, work: () => T): [T, number] {
  const startMs = clock.monotonicMs();
  const result = work();
  return [result, clock.monotonicMs() - startMs];
}

import assert from "node:assert/strict";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { fromHex } from "../../../../src/base/bytes.ts";
import { type Log, silentLog } from "../../../../src/base/log.ts";
import { initializeBlock } from "../../../../src/chain/devnet/blocks/apply.ts";
import { makeBlock } from "../../../../src/chain/devnet/blocks/author.ts";
import type { Changes } from "../../../../src/chain/devnet/blocks/block.ts";
import { Chain } from "../../../../src/chain/devnet/blocks/chain.ts";
import { BlockStore } from "../../../../src/chain/devnet/blocks/store.ts";
import { Overlay } from "../../../../src/chain/devnet/pallets/overlay.ts";
import { storageKey } from "../../../../src/chain/devnet/pallets/storage_entry.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import { BlocksSinceLastStep } from "../../../../src/chain/devnet/pallets/subtensor/subnet_storage.ts";
import { Account } from "../../../../src/chain/devnet/pallets/system.ts";
import { TypedState } from "../../../../src/chain/devnet/pallets/typed_state.ts";
import { decodeTransaction } from "../../../../src/chain/devnet/runtime/extrinsic.ts";
import { alice, keyring } from "./devnet_harness.ts";
import { signCall, transferCall } from "./signed_transaction.ts";

const TO = new Uint8Array(32).fill(7);

/** A new chain, without a server; what it warns of is kept. */
function chainTest(
  name: string,
  body: (chain: Chain, log: Log, warnings: string[]) => void,
): void {
  Deno.test(name, async () => {
    await cryptoWaitReady();
    const directory = await Deno.makeTempDir();
    const store = new BlockStore(directory);
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
    const begin = () => ({ nonce: new Uint8Array(32), timeMs: 0, hasSteadyTime: true });
    try {
      body(new Chain(store, begin, log), log, warnings);
    } finally {
      store.close();
      await Deno.remove(directory, { recursive: true });
    }
  });
}

chainTest("a subnet that cannot have its epoch does not cost the others theirs", (chain, log, warnings) => {
  const overlay = new Overlay(chain);
  const state = new TypedState(overlay);
  state.set(at.NetworksAdded, true, 2);
  state.set(at.TotalNetworks, 3);
  state.set(at.Tempo, 100, 2);
  overlay.set(storageKey(at.Tempo, 1), new Uint8Array());
  for (const blockNumber of [1, 2]) initializeBlock({ overlay, events: [], blockNumber, log });
  assert.deepEqual([1, 2].map((netuid) => state.get(BlocksSinceLastStep, netuid)), [0n, 2n]);
  assert.equal(warnings.length, 2);
  assert.match(warnings[1], /^run the epoch on subnet 1 in block 2: /);
});

chainTest(
  "a transaction that breaks the chain is left out as invalid, the others are in",
  (chain, log, warnings) => {
    const genesisHash = fromHex(chain.genesisHash);
    const [bad, good] = [alice(), keyring.addFromUri("//Bob")].map((signer) =>
      decodeTransaction(signCall(transferCall(TO, 1_000_000n), signer, { genesisHash, nonce: 0 }))
    );
    // No event can carry it.
    const explicit = { ...bad.explicit, ChargeTransactionPayment: -1n };
    const made = makeBlock(chain, [{ ...bad, explicit }, good], 0, log);
    assert.deepEqual(made.included.map(({ hash }) => hash), [good.hash]);
    assert.deepEqual(made.invalid.map(({ hash }) => hash), [bad.hash]);
    assert.equal(warnings.length, 1);
    const nonces = [bad, good].map(({ signer }) => nonceAfter(chain, made.changes, signer));
    assert.deepEqual(nonces, [0, 1]);
  },
);

chainTest("a listener that fails does not keep a block from the others", (chain, log, warnings) => {
  const heard: number[] = [];
  chain.onBlock(() => {
    throw new Error("no ears");
  });
  chain.onBlock(({ header }) => void heard.push(header.number));
  const { block, changes } = makeBlock(chain, [], 0, log);
  chain.append(block, changes);
  assert.deepEqual(heard, [1]);
  assert.equal(chain.head, block);
  assert.match(warnings[0], /^tell of block 1: .*no ears/);
});

function nonceAfter(chain: Chain, changes: Changes, who: Uint8Array): number {
  const overlay = new Overlay(chain);
  for (const [key, value] of changes) overlay.set(key, value);
  return new TypedState(overlay).get(Account, who).nonce;
}

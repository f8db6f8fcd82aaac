/** A validator's weights under commit-reveal, from the client's call to the chain's opening, over loopback and in quick time. */
import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../../../src/base/clock.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { type ChainClient, connectChain } from "../../../../src/chain/client.ts";
import { makeBlock } from "../../../../src/chain/devnet/blocks/author.ts";
import { hashOfHeader } from "../../../../src/chain/devnet/blocks/block.ts";
import { Chain } from "../../../../src/chain/devnet/blocks/chain.ts";
import { BlockStore } from "../../../../src/chain/devnet/blocks/store.ts";
import { startDevnet } from "../../../../src/chain/devnet/devnet.ts";
import { Overlay } from "../../../../src/chain/devnet/pallets/overlay.ts";
import { addStake } from "../../../../src/chain/devnet/pallets/subtensor/stake.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import { TypedState } from "../../../../src/chain/devnet/pallets/typed_state.ts";
import { devAccount } from "../../../../src/chain/wallet/wallet.ts";
import { cryptoReady } from "../../../../src/chain/sr25519.ts";
import { NETUID, TAO } from "./devnet_harness.ts";

const BLOCK_MS = 50;
/** A block of the chain's takes a second of its time. */
const SPEED = 20;

function quickClock(): Clock {
  const startMs = systemClock.nowMs();
  return { ...systemClock, nowMs: () => startMs + SPEED * (systemClock.nowMs() - startMs) };
}

/** A chain whose first block holds these settings. */
function prepareChain(directory: string, clock: Clock, settle: (state: TypedState) => void): void {
  const store = new BlockStore(directory);
  const chain = new Chain(
    store,
    () => ({ nonce: new Uint8Array(32), timeMs: clock.nowMs(), hasSteadyTime: false }),
  );
  const made = makeBlock(chain, [], clock.nowMs(), silentLog);
  const overlay = new Overlay(chain);
  for (const [key, value] of made.changes) overlay.set(key, value);
  settle(new TypedState(overlay));
  const header = { ...made.block.header, stateRoot: chain.stateRootAfter(overlay.changes) };
  chain.append({ ...made.block, header, hash: hashOfHeader(header) }, overlay.changes);
  store.close();
}

async function until(client: ChainClient, isSo: () => Promise<boolean>, lastBlock: number): Promise<void> {
  while (!await isSo()) {
    assert.ok(client.block() < lastBlock, `nothing happened until block ${lastBlock}`);
    await systemClock.sleep(BLOCK_MS);
  }
}

/** Locks weights on a chain of that tempo, and waits until the chain has opened them. */
async function lockAndOpen(tempo: number, clock: Clock): Promise<void> {
  await cryptoReady();
  const [coldkey, hotkey, miner] = ["//Alice", "//secret//validator", "//secret//miner"].map(devAccount);
  const directory = await Deno.makeTempDir();
  prepareChain(directory, clock, (state) => {
    state.set(at.Tempo, tempo, NETUID);
    state.set(at.CommitRevealWeightsEnabled, true, NETUID);
    const position = { hotkey: hotkey.publicKey, coldkey: coldkey.publicKey, netuid: NETUID };
    addStake({ state }, { ...position, amountRao: 1000n * TAO });
  });
  const devnet = await startDevnet({ directory, port: 0, blockMs: BLOCK_MS }, { clock, log: silentLog });
  const client = await connectChain(devnet.url, { clock: systemClock, log: silentLog });
  try {
    const uid = await client.register(NETUID, coldkey, hotkey.address);
    const minerUid = await client.register(NETUID, coldkey, miner.address);
    const isPermitted = async () => (await client.metagraph(NETUID)).neurons[uid].hasValidatorPermit;
    await until(client, isPermitted, client.block() + 2 * tempo + 2);
    const sent = await client.setWeights(NETUID, hotkey, new Map([[uid, 1], [minerUid, 3]]));
    assert.ok(sent.kind === "timelocked");
    const stored = async () => (await client.weights(NETUID)).get(uid);
    assert.equal(await stored(), undefined);
    await until(client, async () => await stored() !== undefined, client.block() + 4 * tempo);
    assert.deepEqual(await stored(), new Map([[uid, 21845], [minerUid, 65535]]));
    assert.ok(client.block() >= sent.revealBlock);
  } finally {
    await client.close();
    await devnet.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("the client locks a validator's weights by the chain's own beacon, and the chain opens them an epoch later", () =>
  lockAndOpen(10, quickClock()));

Deno.test("on a chain whose blocks come quicker than it says, the round is still out in time", () =>
  lockAndOpen(70, systemClock));

/** A chain that demands commit-reveal, in quick time, with a validator that has its permit and a miner to weigh. */
import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../../../src/base/clock.ts";
import { type Log, silentLog } from "../../../../src/base/log.ts";
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
import type { OpenSocket } from "../../../../src/chain/link.ts";
import { cryptoReady, type KeyringPair } from "../../../../src/chain/sr25519.ts";
import { devAccount } from "../../../../src/chain/wallet/wallet.ts";
import { NETUID, TAO } from "./devnet_harness.ts";

const BLOCK_MS = 50;
/** A block of the chain's takes a second of its time. */
const SPEED = 20;

export function quickClock(): Clock {
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

export async function until(
  client: ChainClient,
  isSo: () => Promise<boolean>,
  lastBlock: number,
): Promise<void> {
  while (!await isSo()) {
    assert.ok(client.block() < lastBlock, `nothing happened until block ${lastBlock}`);
    await systemClock.sleep(BLOCK_MS);
  }
}

export interface SecretRoom {
  readonly hotkey: KeyringPair;
  readonly uid: number;
  readonly minerUid: number;
  /** Another client of the same chain. */
  connect(): Promise<ChainClient>;
}

export interface SecretOptions {
  readonly tempo: number;
  /** The chain's. */
  readonly clock: Clock;
  readonly clientClock?: Clock;
  readonly log?: Log;
  /** What clients connect by, for what stands between them and the chain. */
  readonly openSocket?: OpenSocket;
}

export async function withSecretWeights(
  { tempo, clock, clientClock = systemClock, log = silentLog, openSocket }: SecretOptions,
  body: (client: ChainClient, room: SecretRoom) => Promise<void>,
): Promise<void> {
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
  const connect = () => connectChain(devnet.url, { clock: clientClock, log, openSocket });
  const client = await connect();
  try {
    const uid = await client.register(NETUID, coldkey, hotkey.address);
    const minerUid = await client.register(NETUID, coldkey, miner.address);
    const isPermitted = async () => (await client.metagraph(NETUID)).neurons[uid].hasValidatorPermit;
    await until(client, isPermitted, client.block() + 2 * tempo + 2);
    await body(client, { hotkey, uid, minerUid, connect });
  } finally {
    await client.close();
    await devnet.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

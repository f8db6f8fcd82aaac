/**
 * The local development chain: one author, blocks on a timer, final at once, subtensor's calls as far as a miner and
 * a validator need them. An unmodified `@polkadot/api` connects to it. It is not a node of any network and keeps no
 * secrets: everybody on this machine may speak to it, and its rich accounts' keys are public.
 */
import { cryptoWaitReady } from "@polkadot/util-crypto";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { secureRandomBytes } from "../../base/random.ts";
import { makeBlock } from "./blocks/author.ts";
import { Chain } from "./blocks/chain.ts";
import { BlockStore } from "./blocks/store.ts";
import { metadataV14 } from "./metadata/metadata_v14.ts";
import { metadataV15 } from "./metadata/metadata_v15.ts";
import { TransactionPool } from "./pool/pool.ts";
import { Connection, type Socket } from "./rpc/connection.ts";
import type { NodeParts } from "./rpc/method.ts";
import { serveRpc } from "./rpc/server.ts";

export interface DevnetOptions {
  /** The chain is kept here. */
  readonly directory: string;
  /** On 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  readonly blockMs: number;
}

export interface Devnet {
  readonly url: string;
  /** Hex with 0x; another for each new chain. */
  readonly genesisHash: string;
  /** The head's number. */
  block(): number;
  connectionCount(): number;
  /** A client within this process, without a network: what the server does for a socket. */
  attach(socket: Socket): Pick<Connection, "receive" | "ended">;
  stop(): Promise<void>;
}

interface Dependencies {
  readonly clock: Clock;
  readonly log: Log;
}

const NONCE_BYTES = 32;
/** Blocks are final at once; those who wait for a transaction hear of it a little after they hear of the block. */
const MAX_FINALITY_DELAY_MS = 200;

/** @throws {SkeinError} `devnet/port-in-use`, `devnet/store-in-use`, `devnet/store-damaged`, `devnet/store-io` */
export async function startDevnet(options: DevnetOptions, deps: Dependencies): Promise<Devnet> {
  const parts = Promise.withResolvers<NodeParts | undefined>();
  const server = serveRpc(options.port, parts.promise, deps.log);
  let store: BlockStore | undefined;
  try {
    await cryptoWaitReady();
    store = new BlockStore(options.directory);
    const nonce = () => secureRandomBytes(NONCE_BYTES);
    const chain = new Chain(store, { nonce, nowMs: deps.clock.nowMs() });
    const pool = new TransactionPool(chain);
    const metadata = new Map([[14, metadataV14()], [15, metadataV15()]]);
    const node: NodeParts = { chain, pool, metadata: (version) => metadata.get(version) };
    parts.resolve(node);
    const stopBlocks = makeBlocks(chain, pool, options.blockMs, deps);
    const openStore = store;
    return {
      url: server.url,
      genesisHash: chain.genesisHash,
      block: () => chain.head.header.number,
      connectionCount: () => server.connectionCount(),
      attach: (socket) => new Connection(socket, node, deps.log),
      async stop() {
        stopBlocks();
        pool.clear();
        await server.stop();
        openStore.close();
      },
    };
  } catch (error) {
    parts.resolve(undefined);
    store?.close();
    await server.stop();
    throw error;
  }
}

/** A block every `blockMs`, without drift; late ones are made up for by none. @returns stop */
function makeBlocks(chain: Chain, pool: TransactionPool, blockMs: number, { clock, log }: Dependencies) {
  let dueMs = clock.monotonicMs() + blockMs;
  let cancel = clock.after(blockMs, tick);
  const finalityDelayMs = Math.min(MAX_FINALITY_DELAY_MS, blockMs / 2);
  let cancelFinality = () => {};
  let tellFinality = () => {};
  function tick(): void {
    try {
      const made = makeBlock(chain, pool.takeReady(), clock.nowMs(), log);
      chain.append(made.block, made.changes);
      cancelFinality();
      tellFinality();
      tellFinality = pool.settle(made.block, made.included, made.unpayable);
      cancelFinality = clock.after(finalityDelayMs, () => tellFinality());
    } catch (error) {
      // The transactions are still in the pool; the next block tries again.
      log.warn(`make block ${chain.head.header.number + 1}: ${describeError(error)}`);
    }
    const nowMs = clock.monotonicMs();
    dueMs = Math.max(dueMs + blockMs, nowMs);
    cancel = clock.after(dueMs - nowMs, tick);
  }
  return () => {
    cancel();
    cancelFinality();
    tellFinality();
  };
}

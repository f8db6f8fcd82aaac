/**
 * The local development chain: one author, blocks at an interval or on demand, final at once, subtensor's calls as far as
 * a miner and a validator need them. An unmodified `@polkadot/api` connects to it. It is not a node of any network and
 * keeps no secrets: everybody on this machine may speak to it, and its rich accounts' keys are public.
 */
import { cryptoWaitReady } from "@polkadot/util-crypto";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { Random, secureRandomBytes } from "../../base/random.ts";
import { Chain, type Genesis } from "./blocks/chain.ts";
import { BlockMaker, type Production } from "./blocks/maker.ts";
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
  /** Also how much later each block is than the one before it where time is counted in blocks. */
  readonly blockMs: number;
  /** Default: at an interval. */
  readonly production?: Production;
  /** A new chain begins at this time and counts it in blocks. */
  readonly genesisTimeMs?: number;
  /** A new chain's genesis hash comes from this 32-bit number, its time from `genesisTimeMs` or a fixed one. */
  readonly seed?: number;
}

export interface Devnet {
  readonly url: string;
  /** Hex with 0x; another for each new chain without a seed. */
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
/** Where a seeded chain begins: 2026-01-01T00:00:00Z. */
const SEEDED_TIME_MS = 1_767_225_600_000;

/** @throws {SkeinError} `devnet/port-in-use`, `devnet/store-in-use`, `devnet/store-damaged`, `devnet/store-io` */
export async function startDevnet(options: DevnetOptions, deps: Dependencies): Promise<Devnet> {
  const parts = Promise.withResolvers<NodeParts | undefined>();
  const server = serveRpc(options.port, parts.promise, deps.log);
  let store: BlockStore | undefined;
  try {
    await cryptoWaitReady();
    store = new BlockStore(options.directory);
    const chain = new Chain(store, () => genesisOf(options, deps.clock), deps.log);
    const pool = new TransactionPool(chain);
    const metadata = new Map([[14, metadataV14()], [15, metadataV15()]]);
    const { production = "interval", blockMs } = options;
    const maker = new BlockMaker({ production, blockMs }, { chain, pool, ...deps });
    const node: NodeParts = { chain, pool, maker, metadata: (version) => metadata.get(version) };
    parts.resolve(node);
    maker.start();
    const openStore = store;
    return {
      url: server.url,
      genesisHash: chain.genesisHash,
      block: () => chain.head.header.number,
      connectionCount: () => server.connectionCount(),
      attach: (socket) => new Connection(socket, node, deps.log),
      async stop() {
        maker.stop();
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

function genesisOf({ seed, genesisTimeMs }: DevnetOptions, clock: Clock): Genesis {
  const hasSteadyTime = seed !== undefined || genesisTimeMs !== undefined;
  const timeMs = genesisTimeMs ?? (seed === undefined ? clock.nowMs() : SEEDED_TIME_MS);
  if (seed === undefined) return { nonce: secureRandomBytes(NONCE_BYTES), timeMs, hasSteadyTime };
  const random = new Random(seed);
  return {
    nonce: Uint8Array.from({ length: NONCE_BYTES }, () => random.nextBelow(256)),
    timeMs,
    hasSteadyTime,
  };
}

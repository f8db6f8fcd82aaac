/** `skein chain` as a process: holds its home, serves until it is told to stop or nobody has been connected for a while. */
import { join } from "node:path";
import process from "node:process";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { startDevnet } from "../chain/devnet/devnet.ts";
import { dataDirectory, holdHome } from "./home.ts";

const POLL_MS = 500;

export interface ChainOptions {
  /** Default: local/chain in the data directory. */
  readonly home?: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly blockMs: number;
  readonly exitWhenIdleMs?: number;
}

/** @throws {SkeinError} `node/home-in-use`, and those of `startDevnet` */
export async function runChain(
  options: ChainOptions,
  deps: { clock: Clock; log: Log; signal: AbortSignal },
): Promise<void> {
  const { clock, log, signal } = deps;
  const home = await holdHome(options.home ?? join(dataDirectory(), "local", "chain"));
  try {
    const { port, blockMs, exitWhenIdleMs = Infinity } = options;
    const chain = await startDevnet({ directory: home.path, port, blockMs }, { clock, log });
    log.emit({
      event: "chain",
      url: chain.url,
      home: home.path,
      pid: process.pid,
      genesisHash: chain.genesisHash,
      block: chain.block(),
    });
    try {
      let usedMs = clock.monotonicMs();
      while (!signal.aborted && clock.monotonicMs() - usedMs < exitWhenIdleMs) {
        await clock.sleep(POLL_MS, signal).catch(() => {});
        if (chain.connectionCount() > 0) usedMs = clock.monotonicMs();
      }
    } finally {
      await chain.stop();
    }
  } finally {
    await home.release();
  }
}

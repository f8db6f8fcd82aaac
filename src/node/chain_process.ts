/** `skein chain` as a process: holds its home, serves until it is told to stop or nobody has been connected for a while. */
import { join } from "node:path";
import process from "node:process";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { removeStore } from "../chain/devnet/blocks/store.ts";
import { type DevnetOptions, startDevnet } from "../chain/devnet/devnet.ts";
import { dataDirectory, holdHome } from "./home.ts";

const POLL_MS = 500;

export interface ChainOptions extends Omit<DevnetOptions, "directory"> {
  /** Default: local/chain in the data directory. */
  readonly home?: string;
  /** What is there is removed first. */
  readonly isReset?: boolean;
  readonly exitWhenIdleMs?: number;
}

/** Where the chain is kept unless another place is named. */
export const chainHome = (home?: string): string => home ?? join(dataDirectory(), "local", "chain");

/** @throws {SkeinError} `node/home-in-use`, and those of `startDevnet` */
export async function runChain(
  options: ChainOptions,
  deps: { clock: Clock; log: Log; signal: AbortSignal },
): Promise<void> {
  const { clock, log, signal } = deps;
  const home = await holdHome(chainHome(options.home));
  try {
    const { isReset, exitWhenIdleMs = Infinity, ...devnetOptions } = options;
    if (isReset) await removeStore(home.path);
    const chain = await startDevnet({ ...devnetOptions, directory: home.path }, { clock, log });
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

/** `skein relay` as a process: holds its home, keeps its identity there, serves until it is told to stop. */
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { cryptoReady, verifySignature } from "../chain/wallet/wallet.ts";
import { startRelay } from "../net/relay.ts";
import { dataDirectory, holdFreeHome, holdHome } from "./home.ts";
import { loadOrCreateIdentitySeed } from "./keys.ts";
import { listenMultiaddr } from "./listen_address.ts";

const TELL_MS = 60_000;

export interface RelayProcessOptions {
  /** host:port, or multiaddrs. */
  readonly listen: readonly string[];
  readonly announce: readonly string[];
  /** Default: the first free local/relay-N in the data directory. */
  readonly home?: string;
  readonly webrtc: boolean;
  readonly maxReservations: number;
  readonly maxCircuitsPerPeer: number;
}

/**
 * Resolves when the signal has aborted and everything is closed.
 * @throws {SkeinError} `node/home-in-use`, `node/bad-listen-address`, `node/identity-damaged`, and those of `startRelay`
 */
export async function runRelay(
  options: RelayProcessOptions,
  deps: { clock: Clock; log: Log; signal: AbortSignal },
): Promise<void> {
  const { clock, log, signal } = deps;
  const listen = options.listen.map(listenMultiaddr);
  await cryptoReady();
  const home = options.home === undefined
    ? await holdFreeHome(join(dataDirectory(), "local"), "relay")
    : await holdHome(options.home);
  try {
    const relay = await startRelay({
      ...options,
      listen,
      identitySeed: await loadOrCreateIdentitySeed(home.path),
    }, { verify: verifySignature, clock, log });
    try {
      log.emit({ event: "relay", peerId: relay.peerId, listen: relay.listenAddrs, home: home.path });
      while (await clock.sleep(TELL_MS, signal).then(() => true, () => false)) {
        log.emit({ event: "relay-load", ...relay.counts() });
      }
    } finally {
      await relay.stop();
    }
  } finally {
    await home.release();
  }
  log.emit({ event: "stopped", role: "relay" });
}

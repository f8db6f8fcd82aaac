/**
 * Keeps a node in touch: publishes who and where it is (chain and DHT), re-reads the metagraph as blocks come, and has the
 * network hold a connection to everybody on it. A neuron that cannot be reached where the chain says is looked up in
 * the DHT, where it may have announced newer addresses.
 */
import { decode, encode } from "cborg";
import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey } from "../base/transport.ts";
import type { ChainClient } from "../chain/client.ts";
import { type Announcement, encodeAnnouncement } from "../chain/commitment.ts";
import type { HotkeyPair } from "../chain/wallet.ts";
import type { Network } from "../net/network.ts";
import type { NodeOptions } from "./node_options.ts";
import type { PeerDirectory } from "./peer_directory.ts";

/** A metagraph costs the chain some queries: not more often than this. */
const REFRESH_MS = 3000;
/** Unreachable for so long: ask the DHT. */
const LOOKUP_AFTER_MS = 10_000;
const MEET_TIMEOUT_MS = 10_000;
const POLL_MS = 100;

const dhtPayload = z.object({ addrs: z.array(z.string().max(256)).max(8) });

export interface PeerKeeperDependencies {
  readonly chain: ChainClient;
  readonly directory: PeerDirectory;
  readonly network: Network;
  readonly options: NodeOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export class PeerKeeper {
  readonly #deps: PeerKeeperDependencies;
  /** Addresses from the DHT of those whom the chain's do not reach. */
  readonly #lookedUp = new Map<Hotkey, readonly string[]>();
  readonly #missingSinceMs = new Map<Hotkey, number>();
  #refreshedMs = -Infinity;
  #isRefreshing = false;
  #stopWatching = () => {};

  constructor(deps: PeerKeeperDependencies) {
    this.#deps = deps;
  }

  /** Resolves when this node is published and has met somebody, or nobody answered in ten seconds. */
  async start(hotkey: HotkeyPair): Promise<void> {
    const { chain, directory, clock, signal } = this.#deps;
    await this.#publish(hotkey);
    await directory.refresh({ isForced: true });
    this.#connect();
    this.#stopWatching = chain.onBlock(() => void this.#onBlock());
    const deadlineMs = clock.monotonicMs() + MEET_TIMEOUT_MS;
    const others = directory.entries().filter((entry) => entry.announcement !== null).length - 1;
    while (others > 0 && clock.monotonicMs() < deadlineMs && !signal.aborted) {
      if (this.#deps.network.transport.connected().length > 0) break;
      await clock.sleep(POLL_MS, signal);
    }
    this.#announceInDht();
  }

  stop(): void {
    this.#stopWatching();
    this.#deps.network.keepConnected(new Map());
  }

  async #publish(hotkey: HotkeyPair): Promise<void> {
    const { chain, network, options, log } = this.#deps;
    const suffix = `/p2p/${network.peerId}`;
    const announcement: Announcement = {
      role: options.role,
      peerId: network.peerId,
      addrs: network.listenAddrs.map((addr) => addr.replace(suffix, "")),
    };
    await chain.publish(options.netuid, hotkey.pair, encodeFitting(announcement));
    log.debug("published on the chain", { ...announcement });
  }

  #announceInDht(): void {
    const { network, log } = this.#deps;
    network.announce(encode({ addrs: network.listenAddrs.slice(0, 8) }))
      .catch((error) => log.debug(`announce in the DHT: ${describeError(error)}`));
  }

  async #onBlock(): Promise<void> {
    const { clock, directory, log } = this.#deps;
    const nowMs = clock.monotonicMs();
    if (this.#isRefreshing || nowMs - this.#refreshedMs < REFRESH_MS) return;
    this.#isRefreshing = true;
    try {
      await directory.refresh();
      this.#refreshedMs = nowMs;
      this.#connect();
    } catch (error) {
      log.debug(`read the metagraph: ${describeError(error)}`);
    } finally {
      this.#isRefreshing = false;
    }
  }

  #connect(): void {
    const { directory, network, options, clock } = this.#deps;
    const targets = new Map<Hotkey, readonly string[]>();
    const connected = new Set(network.transport.connected());
    const nowMs = clock.monotonicMs();
    for (const { hotkey, announcement } of directory.entries()) {
      if (hotkey === network.transport.self || announcement === null) continue;
      const addrs = announcement.addrs.map((addr) => `${addr}/p2p/${announcement.peerId}`);
      targets.set(hotkey, [...addrs, ...this.#lookedUp.get(hotkey) ?? []]);
      if (connected.has(hotkey)) this.#missingSinceMs.delete(hotkey);
      else {
        const sinceMs = this.#missingSinceMs.get(hotkey) ?? nowMs;
        this.#missingSinceMs.set(hotkey, sinceMs);
        if (nowMs - sinceMs >= LOOKUP_AFTER_MS) {
          this.#missingSinceMs.set(hotkey, nowMs);
          void this.#lookUp(hotkey);
        }
      }
    }
    options.peers.forEach((addr, i) => targets.set(`--peer ${i + 1}`, [addr]));
    network.keepConnected(targets);
  }

  async #lookUp(hotkey: Hotkey): Promise<void> {
    const { network, log } = this.#deps;
    try {
      const found = await network.lookup(hotkey);
      if (found !== undefined) this.#lookedUp.set(hotkey, dhtPayload.parse(decode(found.payload)).addrs);
    } catch (error) {
      log.debug(`look up ${hotkey} in the DHT: ${describeError(error)}`);
    }
  }
}

/** With as many of the addresses, best first, as a commitment has room for. */
function encodeFitting(announcement: Announcement): Uint8Array {
  try {
    return encodeAnnouncement(announcement);
  } catch (error) {
    if (!isSkeinError(error, "chain/announcement-too-long")) throw error;
    const addrs = announcement.addrs.slice(0, Number(error.payload.keepCount));
    return encodeAnnouncement({ ...announcement, addrs });
  }
}

/**
 * Keeps a node in touch: joins by way of its relays and bootstrap addresses, publishes who and where it is (chain and
 * DHT), re-reads the metagraph as blocks come, and has the network hold a connection to everybody on it. A neuron that
 * cannot be reached where the chain says is tried where it was met before, and looked up in the DHT, where it may have
 * announced newer addresses.
 */
import { decode, encode } from "cborg";
import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey } from "../base/transport.ts";
import type { ChainClient } from "../chain/client.ts";
import { type Announcement, encodeAnnouncement } from "../chain/commitment.ts";
import type { HotkeyPair } from "../chain/wallet/wallet.ts";
import { isRelayed, isWebrtcBySignalling } from "../net/addresses.ts";
import type { Network } from "../net/network.ts";
import type { KnownPeers } from "./known_peers.ts";
import type { NodeOptions } from "./node_options.ts";
import type { PeerDirectory } from "./peer_directory.ts";

/** A metagraph costs the chain some queries: not more often than this. */
const REFRESH_MS = 3000;
/** A commitment costs a fee, and a relay that is back soon changes nothing. */
const REPUBLISH_MS = 60_000;
/** Unreachable for so long: ask the DHT. */
const LOOKUP_AFTER_MS = 10_000;
const MEET_TIMEOUT_MS = 10_000;
const POLL_MS = 100;
const MAX_DHT_ADDRS = 8;

const dhtPayload = z.object({ addrs: z.array(z.string().max(256)).max(MAX_DHT_ADDRS) });

export interface PeerKeeperDependencies {
  readonly chain: ChainClient;
  readonly directory: PeerDirectory;
  readonly network: Network;
  readonly knownPeers: KnownPeers;
  readonly options: NodeOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export class PeerKeeper {
  readonly #deps: PeerKeeperDependencies;
  readonly #hotkey: HotkeyPair;
  /** Addresses from the DHT of those whom the chain's do not reach. */
  readonly #lookedUp = new Map<Hotkey, readonly string[]>();
  readonly #missingSinceMs = new Map<Hotkey, number>();
  #refreshedMs = -Infinity;
  #publishedMs = -Infinity;
  #publishedAddrs = "";
  #announcedAddrs = "";
  #isRefreshing = false;
  readonly #stops: (() => void)[] = [];

  constructor(hotkey: HotkeyPair, deps: PeerKeeperDependencies) {
    this.#hotkey = hotkey;
    this.#deps = deps;
  }

  /** Resolves when this node is published and has met somebody, or nobody answered in ten seconds. */
  async start(): Promise<void> {
    const { chain, directory, network, options, log } = this.#deps;
    await network.join().catch((error) => {
      if (!isSkeinError(error)) throw error;
      log.warn(describeError(error), { code: error.code });
    });
    if (options.relays.length > 0 && !await this.#within(() => network.listenAddrs.some(isRelayed))) {
      log.warn(
        `reserve a place at ${options.relays.join(", ")}: no relay gave one in ${
          MEET_TIMEOUT_MS / 1000
        } s, others ` +
          `cannot reach this node through a relay yet, check the address or add another --relay; trying again`,
        { code: "node/no-relay" },
      );
    }
    await this.#publish();
    await directory.refresh({ isForced: true });
    this.#connect();
    this.#stops.push(
      chain.onBlock(() => void this.#onBlock()),
      network.onListenAddrs(() => this.#announce()),
    );
    const others = directory.entries().filter((entry) => entry.announcement !== null).length - 1;
    if (others > 0) await this.#within(() => network.transport.connected().length > 0);
    this.#announce();
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    await this.#remember();
    this.#deps.network.keepConnected(new Map());
  }

  /** @returns whether `condition` came true in ten seconds */
  async #within(condition: () => boolean): Promise<boolean> {
    const { clock, signal } = this.#deps;
    const deadlineMs = clock.monotonicMs() + MEET_TIMEOUT_MS;
    while (!condition()) {
      if (clock.monotonicMs() >= deadlineMs || signal.aborted) return false;
      await clock.sleep(POLL_MS, signal);
    }
    return true;
  }

  async #publish(): Promise<void> {
    const { chain, network, options, log, clock } = this.#deps;
    const suffix = `/p2p/${network.peerId}`;
    const announcement: Announcement = {
      role: options.role,
      peerId: network.peerId,
      // Whoever comes through the relay learns there that we have WebRTC; the commitment has room for few addresses.
      addrs: network.listenAddrs.filter((addr) => !isWebrtcBySignalling(addr))
        .map((addr) => addr.endsWith(suffix) ? addr.slice(0, -suffix.length) : addr),
    };
    const addrs = network.listenAddrs.join();
    this.#publishedMs = clock.monotonicMs(); // a failure waits as long as a success
    await chain.publish(options.netuid, this.#hotkey.pair, encodeFitting(announcement));
    this.#publishedAddrs = addrs;
    log.debug("published on the chain", { ...announcement });
  }

  /** Where we are now, unless that is nowhere: then the former places are a better guess. */
  #announce(): void {
    const { network, log } = this.#deps;
    const addrs = network.listenAddrs.slice(0, MAX_DHT_ADDRS);
    if (addrs.length === 0 || addrs.join() === this.#announcedAddrs) return;
    this.#announcedAddrs = addrs.join();
    network.publish("announce", encode({ addrs }))
      .catch((error) => log.debug(`put announce in the DHT: ${describeError(error)}`));
  }

  async #onBlock(): Promise<void> {
    const { clock, directory, network, log } = this.#deps;
    const nowMs = clock.monotonicMs();
    if (this.#isRefreshing || nowMs - this.#refreshedMs < REFRESH_MS) return;
    this.#isRefreshing = true;
    try {
      await directory.refresh();
      this.#refreshedMs = nowMs;
      this.#connect();
      await this.#remember();
      const isElsewhere = network.listenAddrs.length > 0 &&
        network.listenAddrs.join() !== this.#publishedAddrs;
      if (isElsewhere && nowMs - this.#publishedMs >= REPUBLISH_MS) await this.#publish();
    } catch (error) {
      log.debug(`keep in touch: ${describeError(error)}`);
    } finally {
      this.#isRefreshing = false;
    }
  }

  async #remember(): Promise<void> {
    const { network, knownPeers } = this.#deps;
    const up = network.peersSeen().filter((peer) => peer.isUp);
    await knownPeers.remember(up.map(({ hotkey, listenAddrs }) => ({ hotkey, addrs: listenAddrs })));
  }

  #connect(): void {
    const { directory, network, knownPeers, options, clock } = this.#deps;
    const targets = new Map<Hotkey, readonly string[]>();
    const connected = new Set(network.transport.connected());
    const nowMs = clock.monotonicMs();
    for (const { hotkey, announcement } of directory.entries()) {
      if (hotkey === network.transport.self) continue;
      const addrs = (announcement?.addrs ?? []).map((addr) => `${addr}/p2p/${announcement!.peerId}`);
      const all = new Set([...addrs, ...this.#lookedUp.get(hotkey) ?? [], ...knownPeers.addrsOf(hotkey)]);
      if (announcement === null && all.size === 0) continue;
      targets.set(hotkey, [...all]);
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
      const found = await network.lookup(hotkey, "announce");
      if (found !== undefined) this.#lookedUp.set(hotkey, dhtPayload.parse(decode(found.payload)).addrs);
    } catch (error) {
      log.debug(`look up ${hotkey} in the DHT: ${describeError(error)}`);
    }
  }
}

/** With as many of the addresses, best first, as a commitment has room for; those it has no encoding for are left out. */
function encodeFitting(announcement: Announcement): Uint8Array {
  let encoded = encodeAnnouncement({ ...announcement, addrs: [] });
  const addrs: string[] = [];
  for (const addr of announcement.addrs) {
    try {
      encoded = encodeAnnouncement({ ...announcement, addrs: [...addrs, addr] });
      addrs.push(addr);
    } catch (error) {
      const isLeftOut = isSkeinError(error, "chain/announcement-too-long") ||
        isSkeinError(error, "chain/bad-announcement");
      if (!isLeftOut) throw error;
    }
  }
  return encoded;
}

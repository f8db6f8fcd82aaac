/**
 * Who is who, from the chain: the metagraph's neurons with their published role, libp2p identity and addresses. Refreshed
 * with the blocks; an unknown hotkey that asks to be let in triggers one refresh at most per block.
 */
import type { Hotkey } from "../base/transport.ts";
import type { Log } from "../base/log.ts";
import type { ChainClient } from "../chain/client.ts";
import { type Announcement, decodeAnnouncement } from "../chain/commitment.ts";

export interface DirectoryEntry {
  readonly uid: number;
  readonly hotkey: Hotkey;
  readonly announcement: Announcement | null;
}

export class PeerDirectory {
  readonly #chain: ChainClient;
  readonly #netuid: number;
  readonly #log: Log;
  #entries = new Map<Hotkey, DirectoryEntry>();
  #refreshedAtBlock = -1;
  #refreshing?: Promise<void>;

  constructor(chain: ChainClient, netuid: number, log: Log) {
    this.#chain = chain;
    this.#netuid = netuid;
    this.#log = log;
  }

  /** Reads the metagraph unless it was read at this block already. Concurrent calls share one read. */
  async refresh(options: { isForced?: boolean } = {}): Promise<void> {
    if (!options.isForced && this.#refreshedAtBlock === this.#chain.block()) return;
    this.#refreshing ??= this.#read().finally(() => this.#refreshing = undefined);
    await this.#refreshing;
  }

  async #read(): Promise<void> {
    const block = this.#chain.block();
    const metagraph = await this.#chain.metagraph(this.#netuid);
    const entries = new Map<Hotkey, DirectoryEntry>();
    for (const neuron of metagraph.neurons) {
      entries.set(neuron.hotkey, {
        uid: neuron.uid,
        hotkey: neuron.hotkey,
        announcement: this.#decode(neuron),
      });
    }
    this.#entries = entries;
    this.#refreshedAtBlock = block;
  }

  #decode(neuron: { hotkey: string; commitment: Uint8Array | null }): Announcement | null {
    if (neuron.commitment === null) return null;
    try {
      return decodeAnnouncement(neuron.commitment);
    } catch (error) {
      this.#log.debug(`ignore commitment of ${neuron.hotkey}: ${(error as Error).message}`);
      return null;
    }
  }

  entries(): DirectoryEntry[] {
    return [...this.#entries.values()];
  }

  uidOf(hotkey: Hotkey): number | undefined {
    return this.#entries.get(hotkey)?.uid;
  }

  /** Neurons that have published themselves as miners. */
  isMiner(hotkey: Hotkey): boolean {
    return this.#entries.get(hotkey)?.announcement?.role === "miner";
  }

  miners(): DirectoryEntry[] {
    return this.entries().filter((entry) => entry.announcement?.role === "miner");
  }

  /** @param role what it says it is: looked at again when the metagraph that we know says otherwise */
  async isRegistered(hotkey: Hotkey, role?: string): Promise<boolean> {
    const known = this.#entries.get(hotkey);
    const isAsSaid = known !== undefined && (role === undefined || known.announcement?.role === role);
    if (!isAsSaid) await this.refresh();
    return this.#entries.has(hotkey);
  }
}

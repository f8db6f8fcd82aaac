/**
 * Who is who, from the chain: the metagraph's neurons with their published role, libp2p identity and addresses. Refreshed
 * with the blocks; an unknown hotkey that asks to be let in triggers one refresh at most per block.
 */
import type { Hotkey } from "../base/transport.ts";
import type { Log } from "../base/log.ts";
import type { ChainClient } from "../chain/client.ts";
import { type Announcement, decodeAnnouncement } from "../chain/commitment.ts";

/** Some tempos: whatever a neuron took part in is settled by then. */
const REMEMBERED_BLOCKS = 1000;

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
  /** Hotkey → the block at which it was last seen as a miner, longest ago first. */
  readonly #minersSeen = new Map<Hotkey, number>();
  #refreshedAtBlock = -1;
  /** The read under way, and the block at which it began. */
  #reading?: { readonly block: number; readonly done: Promise<void> };
  /** The read that begins when that one has ended. */
  #nextRead?: Promise<void>;

  constructor(chain: ChainClient, netuid: number, log: Log) {
    this.#chain = chain;
    this.#netuid = netuid;
    this.#log = log;
  }

  /**
   * Reads the metagraph unless it was read at this block already. Concurrent calls share one read, but never one that
   * began before what its caller knows of: a forced call, or one in a later block, waits for a read of its own.
   */
  async refresh(options: { isForced?: boolean } = {}): Promise<void> {
    const block = this.#chain.block();
    if (!options.isForced && this.#refreshedAtBlock === block) return;
    if (this.#reading === undefined) return await this.#startRead();
    if (!options.isForced && this.#reading.block === block) return await this.#reading.done;
    this.#nextRead ??= this.#reading.done.catch(() => {}).then(() => {
      this.#nextRead = undefined;
      return this.#reading?.done ?? this.#startRead();
    });
    await this.#nextRead;
  }

  #startRead(): Promise<void> {
    const block = this.#chain.block();
    const done = this.#read(block).finally(() => {
      if (this.#reading?.done === done) this.#reading = undefined;
    });
    this.#reading = { block, done };
    return done;
  }

  async #read(block: number): Promise<void> {
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
    for (const { hotkey } of this.miners()) {
      this.#minersSeen.delete(hotkey);
      this.#minersSeen.set(hotkey, block);
    }
    for (const [hotkey, seenAt] of this.#minersSeen) {
      if (block - seenAt > REMEMBERED_BLOCKS) this.#minersSeen.delete(hotkey);
    }
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

  /** As `isMiner`, or not long ago: a group may have signed with one that was deregistered since. */
  wasMiner(hotkey: Hotkey): boolean {
    return this.#minersSeen.has(hotkey);
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

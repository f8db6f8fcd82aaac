/**
 * libp2p's store in memory, with a limit on what the DHT puts into it: strangers decide what that is, and kad-dht takes
 * out what has expired only when somebody asks for it. The oldest goes first. Peers and keys are none of the DHT's.
 */
import { MemoryDatastore } from "datastore-core";

const DHT_PREFIX = "/dht/";
/** At 8 KiB a record at most: 64 MiB. */
export const MAX_DHT_ENTRIES = 8192;

type Key = Parameters<MemoryDatastore["put"]>[0];

export class BoundedDatastore extends MemoryDatastore {
  /** The longest unchanged first. */
  readonly #dhtKeys = new Map<string, Key>();

  override put(...[key, value, options]: Parameters<MemoryDatastore["put"]>): Key | Promise<Key> {
    const name = key.toString();
    if (name.startsWith(DHT_PREFIX)) {
      this.#dhtKeys.delete(name);
      this.#dhtKeys.set(name, key);
      if (this.#dhtKeys.size > MAX_DHT_ENTRIES) this.delete(this.#dhtKeys.values().next().value!);
    }
    return super.put(key, value, options);
  }

  override delete(...[key, options]: Parameters<MemoryDatastore["delete"]>): void | Promise<void> {
    this.#dhtKeys.delete(key.toString());
    return super.delete(key, options);
  }
}

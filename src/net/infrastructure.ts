/**
 * Peers that are no members: relays and bootstrap nodes. They speak no hello; nothing of ours is read from them, but relayed
 * connections and DHT queries pass. Those that the operator named stay connected; others that we dialed, because some
 * member is reached through them or a query led there, stay while they carry a stream.
 */
import type { Connection } from "@libp2p/interface";
import type { Clock } from "../base/clock.ts";

const IDLE_CHECK_MS = 60_000;
const MAX_UNNAMED = 64;

export class Infrastructure {
  readonly #clock: Clock;
  readonly #named = new Set<string>();
  #unnamedCount = 0;

  constructor(named: Iterable<string>, clock: Clock) {
    this.#clock = clock;
    for (const peerId of named) this.#named.add(peerId);
  }

  /** The operator named an address at which `peerId` was found. */
  name(peerId: string): void {
    this.#named.add(peerId);
  }

  isNamed(peerId: string): boolean {
    return this.#named.has(peerId);
  }

  /** Of a connection that we dialed to a peer that speaks no hello. */
  keep(connection: Connection): void {
    if (connection.status !== "open") return; // it went while it was greeted, and will not tell again
    if (this.isNamed(connection.remotePeer.toString())) return;
    if (this.#unnamedCount >= MAX_UNNAMED) return void connection.close().catch(() => {});
    this.#unnamedCount++;
    let cancel = () => {};
    const check = () => {
      const isIdle = connection.streams.length === 0 && !this.isNamed(connection.remotePeer.toString());
      if (isIdle) return void connection.close().catch(() => {});
      cancel = this.#clock.after(IDLE_CHECK_MS, check);
    };
    cancel = this.#clock.after(IDLE_CHECK_MS, check);
    connection.addEventListener("close", () => {
      this.#unnamedCount--;
      cancel();
    });
  }
}

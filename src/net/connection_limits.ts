/**
 * How many connections a member holds at most. Every other member may have two with us, one from each end when both
 * dialed at once; slow paths get more (stripe_growth.ts), within a budget that all peers share, whoever dialed them. So
 * the extra ones of some never keep the first one of another out.
 */
import type { Connection } from "@libp2p/interface";
import { netError } from "./errors.ts";

/** The largest group that the all-reduce plans for. */
export const MAX_MEMBERS = 1024;
const CONNECTIONS_PER_MEMBER = 2;
/** Over twenty more for each of eleven peers, or four for each of 63. */
const MAX_EXTRA_CONNECTIONS = 256;
/** Relays and bootstrap nodes, DHT queries, and those that have not said hello yet. */
const MAX_OTHER_CONNECTIONS = 256;
/** libp2p's, of one node. Each takes a file descriptor, as channels and strangers at their port do besides; Deno raises the soft limit of those to the hard one. */
export const MAX_MEMBER_CONNECTIONS = CONNECTIONS_PER_MEMBER * MAX_MEMBERS + MAX_EXTRA_CONNECTIONS +
  MAX_OTHER_CONNECTIONS;

interface Held {
  readonly connections: readonly Connection[];
  readonly channels: readonly unknown[];
}

/** The budget of extra connections. */
export class ExtraConnections {
  readonly #links: () => Iterable<Held>;
  #dialingCount = 0;

  constructor(links: () => Iterable<Held>) {
    this.#links = links;
  }

  get #room(): number {
    let held = this.#dialingCount;
    for (const { connections, channels } of this.#links()) {
      for (const { length } of [connections, channels]) held += Math.max(0, length - CONNECTIONS_PER_MEMBER);
    }
    return Math.max(0, MAX_EXTRA_CONNECTIONS - held);
  }

  /** Lets `dial` open as many of `count` as there is room for. */
  async grant(count: number, dial: (count: number) => Promise<void>): Promise<void> {
    const granted = Math.min(count, this.#room);
    if (granted === 0) return;
    this.#dialingCount += granted;
    try {
      await dial(granted);
    } finally {
      this.#dialingCount -= granted;
    }
  }

  /** May the peer open one more channel? */
  admitsChannel({ channels }: Held): boolean {
    return channels.length < CONNECTIONS_PER_MEMBER || this.#room > 0;
  }

  /** @throws {SkeinError} `net/too-many-connections` when `connection` is one more than `link` has a right to */
  admit(connection: Connection, { connections }: Held): void {
    const isWithinRight = connection.direction === "outbound" || connections.includes(connection) ||
      connections.length < CONNECTIONS_PER_MEMBER;
    if (isWithinRight || this.#room > 0) return;
    throw netError(
      "net/too-many-connections",
      `accept peer: it has ${connections.length} connections, and ${MAX_EXTRA_CONNECTIONS} more than ` +
        `${CONNECTIONS_PER_MEMBER} a peer are held, fewer are required, use those that are open`,
    );
  }
}

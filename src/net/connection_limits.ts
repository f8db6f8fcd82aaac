/**
 * How many connections a member holds at most. Every other member may have two with us, one from each end when both
 * dialed at once; slow paths get more (stripe_growth.ts), within a budget that all peers share, whoever dialed them. So
 * the extra ones of some never keep the first one of another out.
 */
import type { Connection } from "@libp2p/interface";
import { netError } from "./errors.ts";
import { MAX_STRIPES } from "./stripe_growth.ts";

/** The largest group that the all-reduce plans for. */
export const MAX_MEMBERS = 1024;
const CONNECTIONS_PER_MEMBER = 2;
/** All that eleven peers and we can dial of one another (MAX_STRIPES each way), or eight more for each of 63. */
const MAX_EXTRA_CONNECTIONS = 512;
/** Relays and bootstrap nodes, DHT queries, and those that have not said hello yet. */
const MAX_OTHER_CONNECTIONS = 256;
/** libp2p's, of one node. Each takes a file descriptor, as channels and strangers at their port do besides; Deno raises the soft limit of those to the hard one. */
export const MAX_MEMBER_CONNECTIONS = CONNECTIONS_PER_MEMBER * MAX_MEMBERS + MAX_EXTRA_CONNECTIONS +
  MAX_OTHER_CONNECTIONS;

interface Dialed {
  readonly direction: "inbound" | "outbound";
}

interface Held {
  readonly connections: readonly Connection[];
  readonly channels: readonly Dialed[];
}

/** Nobody dials more than that of one peer, so that none can take what others need. */
const isFull = (held: readonly Dialed[]): boolean =>
  held.filter(({ direction }) => direction === "inbound").length >= MAX_STRIPES;

/** The budget of extra connections. */
export class ExtraConnections {
  readonly #links: () => Iterable<Held>;
  readonly #hungCount: () => number;
  #dialingCount = 0;

  /** @param hungCount dials that were given up and still hold a socket */
  constructor(links: () => Iterable<Held>, hungCount: () => number = () => 0) {
    this.#links = links;
    this.#hungCount = hungCount;
  }

  get #room(): number {
    let held = this.#dialingCount + this.#hungCount();
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
    return channels.length < CONNECTIONS_PER_MEMBER || (!isFull(channels) && this.#room > 0);
  }

  /** @throws {SkeinError} `net/too-many-connections` when `connection` is one more than `link` has a right to */
  admit(connection: Connection, { connections }: Held): void {
    const isWithinRight = connection.direction === "outbound" || connections.includes(connection) ||
      connections.length < CONNECTIONS_PER_MEMBER;
    if (isWithinRight || (!isFull(connections) && this.#room > 0)) return;
    const held = isFull(connections)
      ? `${MAX_STRIPES} of them its own`
      : `and ${MAX_EXTRA_CONNECTIONS} more than ${CONNECTIONS_PER_MEMBER} a peer are held`;
    throw netError(
      "net/too-many-connections",
      `accept peer: it has ${connections.length} connections, ${held}, fewer are required, use those that are open`,
    );
  }
}

/**
 * Subscriptions that outlive the link they were opened on: each has an id of ours, and is opened again on every new link. A node
 * that refuses one then is asked again, less and less often, for as long as its link lasts: without heads a client is blind.
 */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { UpdateHandler } from "./json_rpc.ts";
import type { Link } from "./link.ts";

export interface Subscription {
  readonly type: string;
  readonly method: string;
  readonly params: unknown[];
  readonly handler: UpdateHandler;
  /** The node's id on the present link. */
  remoteId?: number | string;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

export class Subscriptions {
  readonly #deps: { clock: Clock; log: Log; closed: AbortSignal };
  readonly #open = new Map<string, Subscription>();
  #count = 0;

  constructor(deps: { clock: Clock; log: Log; closed: AbortSignal }) {
    this.#deps = deps;
  }

  /** @returns our id, or undefined when the link ended first @throws the node's `RpcError` when it does not know the subscription */
  async add(link: Link, subscription: Subscription): Promise<string | undefined> {
    await open(link, subscription);
    if (!link.isAlive) return undefined;
    const id = `skein-${++this.#count}`;
    this.#open.set(id, subscription);
    return id;
  }

  /** @param method that ends it */
  remove(link: Link | undefined, method: string, id: string): boolean {
    const subscription = this.#open.get(id);
    if (subscription?.remoteId !== undefined) {
      link?.unsubscribe(subscription.type, method, subscription.remoteId);
    }
    return this.#open.delete(id);
  }

  /** On a new link. Does not wait. */
  openAgain(link: Link): void {
    for (const [id, subscription] of this.#open) {
      subscription.remoteId = undefined;
      this.#openAgain(link, id, subscription);
    }
  }

  async #openAgain(link: Link, id: string, subscription: Subscription): Promise<void> {
    const { clock, log, closed } = this.#deps;
    for (let pauseMs = FIRST_RETRY_MS;; pauseMs = Math.min(LAST_RETRY_MS, 2 * pauseMs)) {
      try {
        return await open(link, subscription);
      } catch (error) {
        const tell = pauseMs === FIRST_RETRY_MS ? log.warn : log.debug;
        tell.call(
          log,
          `chain: ${link.url} refuses ${subscription.method}, asking again: ${(error as Error).message}`,
        );
      }
      await clock.sleep(pauseMs, closed).catch(() => {});
      if (!link.isAlive || closed.aborted || this.#open.get(id) !== subscription) return;
    }
  }
}

/** Returns, too, when the link ended first. */
async function open(link: Link, subscription: Subscription): Promise<void> {
  const { type, method, params, handler } = subscription;
  try {
    subscription.remoteId = await link.subscribe(type, method, params, handler);
  } catch (error) {
    if (link.isAlive) throw error;
  }
}

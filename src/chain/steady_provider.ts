/**
 * The connection under the API: one link after another to the same chain, seen from above as one that merely hesitates
 * during an outage. Requests wait for the next link and are sent again; subscriptions are opened again under their own ids;
 * submissions (`author_…`) are never repeated here, because only their sender knows whether that is safe.
 *
 * It replaces WsProvider's auto-connect, which forgets a subscription when a connection drops right after it came up, caches
 * failed requests, and reports every attempt on the console. An outage is told in the log twice: its start and its end.
 */
import type { ApiOptions } from "@polkadot/api/types";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import { chainError } from "./errors.ts";
import { Link, type UpdateHandler } from "./link.ts";

type ProviderInterface = NonNullable<ApiOptions["provider"]>;
type EventType = Parameters<ProviderInterface["on"]>[0];

export interface SteadyProviderOptions {
  readonly url: string;
  readonly replyTimeoutMs: number;
}

interface Subscription {
  readonly type: string;
  readonly method: string;
  readonly params: unknown[];
  readonly handler: UpdateHandler;
  /** The node's id on the present link. */
  remoteId?: number | string;
}

const OPEN_TIMEOUT_MS = 10_000;
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 10_000;

export class SteadyProvider implements ProviderInterface {
  readonly hasSubscriptions = true;
  readonly isClonable = false;
  readonly #options: SteadyProviderOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #closing = new AbortController();
  readonly #listeners = new Map<EventType, Set<(value?: any) => void>>();
  readonly #subscriptions = new Map<string, Subscription>();
  #subscriptionCount = 0;
  #link?: Link;
  #linkedAtMs = 0;
  #uptimeBeforeMs = 0;
  #loop?: Promise<void>;
  #genesisHash?: string;
  #lastFailure: unknown;

  constructor(options: SteadyProviderOptions, deps: { clock: Clock; log: Log }) {
    this.#options = options;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  get isConnected(): boolean {
    return this.#link !== undefined;
  }

  /** A clock that stands still during outages: what patience with a working node is measured by. */
  uptimeMs(): number {
    return this.#uptimeBeforeMs +
      (this.#link === undefined ? 0 : this.#clock.monotonicMs() - this.#linkedAtMs);
  }

  /** Why there is no link at present. */
  get lastFailure(): unknown {
    return this.#lastFailure;
  }

  clone(): ProviderInterface {
    return new SteadyProvider(this.#options, { clock: this.#clock, log: this.#log });
  }

  /** Starts connecting; idempotent. */
  async connect(): Promise<void> {
    this.#loop ??= this.#run();
  }

  async disconnect(): Promise<void> {
    this.#closing.abort(chainError("chain/disconnected", `use ${this.#options.url}: the client is closed`));
    this.#link?.drop("closed by us");
    await this.#loop;
  }

  /** `connected` and `disconnected`; errors show in the requests they meet. @returns unsubscribe */
  on(type: EventType, handler: (value?: any) => void): () => void {
    const handlers = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, handlers.add(handler));
    return () => handlers.delete(handler);
  }

  /** For the API's own machinery, which has no way to deal with an outage: waits without limit, and for ever once closed. */
  send<T = any>(method: string, params: unknown[]): Promise<T> {
    return this.request(method, params).catch((error) => {
      if (this.#closing.signal.aborted) return new Promise<T>(() => {});
      throw error;
    });
  }

  /**
   * @param limitMs how long to wait for a link, over all attempts
   * @throws {SkeinError} `chain/disconnected` after `limitMs`, `chain/other-chain`; the node's `RpcError`
   */
  async request(method: string, params: unknown[], limitMs = Infinity): Promise<any> {
    const deadlineMs = this.#clock.monotonicMs() + limitMs;
    for (;;) {
      const link = await this.connected(deadlineMs - this.#clock.monotonicMs());
      try {
        return await link.send(method, params);
      } catch (error) {
        if (!isSkeinError(error, "chain/disconnected") || method.startsWith("author_")) throw error;
      }
    }
  }

  /** @throws the node's `RpcError` when it does not know the subscription */
  async subscribe(type: string, method: string, params: unknown[], handler: UpdateHandler): Promise<string> {
    const id = `skein-${++this.#subscriptionCount}`;
    const subscription: Subscription = { type, method, params, handler };
    for (;;) {
      const link = await this.connected().catch(() => new Promise<never>(() => {}));
      await this.#open(link, subscription);
      if (!link.isAlive) continue;
      this.#subscriptions.set(id, subscription);
      return id;
    }
  }

  async unsubscribe(type: string, method: string, id: number | string): Promise<boolean> {
    const subscription = this.#subscriptions.get(String(id));
    if (subscription?.remoteId !== undefined) this.#link?.unsubscribe(type, method, subscription.remoteId);
    return this.#subscriptions.delete(String(id));
  }

  /** The link, as soon as there is one. @throws {SkeinError} `chain/disconnected`, `chain/other-chain` */
  connected(limitMs = Infinity): Promise<Link> {
    const { signal } = this.#closing;
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#link !== undefined) return Promise.resolve(this.#link);
    return new Promise((resolve, reject) => {
      const stop = () => {
        unsubscribe();
        cancel();
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = () => {
        stop();
        reject(signal.reason);
      };
      const unsubscribe = this.on("connected", () => {
        stop();
        if (this.#link === undefined) this.connected(limitMs).then(resolve, reject);
        else resolve(this.#link);
      });
      const cancel = Number.isFinite(limitMs)
        ? this.#clock.after(Math.max(0, limitMs), () => {
          stop();
          reject(this.#outageError(limitMs));
        })
        : () => {};
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  #outageError(limitMs: number): Error {
    if (isSkeinError(this.#lastFailure, "chain/other-chain")) return this.#lastFailure;
    return chainError(
      "chain/disconnected",
      `use ${this.#options.url}: no connection for ${
        Math.round(limitMs / 1000)
      } s, check the node and the network`,
      { url: this.#options.url },
      this.#lastFailure,
    );
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let lostAtMs: number | undefined;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        const link = await Link.open({ ...this.#options, openTimeoutMs: OPEN_TIMEOUT_MS }, this.#clock);
        if (signal.aborted) link.drop("closed by us");
        await this.#checkGenesis(link);
        if (lostAtMs !== undefined) {
          const seconds = Math.round((this.#clock.monotonicMs() - lostAtMs) / 1000);
          this.#log.info(`chain: connected to ${this.#options.url} again after ${seconds} s`);
        }
        failures = 0;
        await this.#serve(link);
        lostAtMs = this.#clock.monotonicMs();
      } catch (error) {
        this.#lastFailure = error;
        const isNews = isSkeinError(error, "chain/other-chain");
        if (isNews) this.#log.warn(describeError(error));
      }
      const pauseMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 10));
      await this.#clock.sleep(pauseMs, signal).catch(() => {});
    }
  }

  /** From the announcement of a link to its end. */
  async #serve(link: Link): Promise<void> {
    this.#link = link;
    this.#linkedAtMs = this.#clock.monotonicMs();
    for (const subscription of this.#subscriptions.values()) {
      subscription.remoteId = undefined;
      this.#open(link, subscription).catch((error) => subscription.handler(error, undefined));
    }
    this.#emit("connected");
    const reason = await link.ended;
    this.#uptimeBeforeMs = this.uptimeMs();
    this.#link = undefined;
    this.#lastFailure = reason;
    if (!this.#closing.signal.aborted) {
      this.#log.warn(`chain: connection to ${this.#options.url} lost, connecting again: ${reason}`);
    }
    this.#emit("disconnected");
  }

  async #checkGenesis(link: Link): Promise<void> {
    const genesisHash: string = await link.send("chain_getBlockHash", [0]);
    this.#genesisHash ??= genesisHash;
    if (genesisHash === this.#genesisHash) return;
    link.drop("another chain");
    throw chainError(
      "chain/other-chain",
      `connect to ${this.#options.url} again: genesis ${genesisHash}, ${this.#genesisHash} as before is required, ` +
        `restart to use another chain`,
    );
  }

  /** Returns, too, when the link ended first. */
  async #open(link: Link, subscription: Subscription): Promise<void> {
    const { type, method, params, handler } = subscription;
    try {
      subscription.remoteId = await link.subscribe(type, method, params, handler);
    } catch (error) {
      if (link.isAlive) throw error;
    }
  }

  #emit(type: EventType): void {
    for (const handler of [...this.#listeners.get(type) ?? []]) handler();
  }
}

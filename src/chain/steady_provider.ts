/**
 * The connection under the API: one link after another to nodes of the same chain, seen from above as one that merely hesitates
 * during an outage. Requests wait for the next link and are sent again; subscriptions are opened again under their own ids;
 * submissions (`author_…`) are never repeated here, because only their sender knows whether that is safe.
 *
 * It replaces WsProvider's auto-connect, which forgets a subscription when a connection drops right after it came up, caches
 * failed requests, and reports every attempt on the console. An outage is told in the log twice: its start and its end.
 */
import type { ApiOptions } from "@polkadot/api/types";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { isSkeinError } from "../base/errors.ts";
import type { Candidate } from "./candidate.ts";
import { EndpointChoice } from "./endpoint_choice.ts";
import { Endpoints } from "./endpoints.ts";
import { type Successor, watchLink } from "./endpoint_watch.ts";
import { chainError } from "./errors.ts";
import type { UpdateHandler } from "./json_rpc.ts";
import type { Link, OpenSocket } from "./link.ts";
import { shownUrl } from "./networks.ts";
import { newestMetadata } from "./newest_metadata.ts";
import { Subscriptions } from "./subscriptions.ts";

type ProviderInterface = NonNullable<ApiOptions["provider"]>;
type EventType = Parameters<ProviderInterface["on"]>[0];

export interface SteadyProviderOptions {
  /** In the order of preference. */
  readonly urls: readonly string[];
  readonly replyTimeoutMs: number;
  readonly staleHeadMs: number;
  readonly openTimeoutMs: number;
  readonly greetingTimeoutMs: number;
}

export interface SteadyProviderDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly openSocket: OpenSocket;
  /** Told each time that all endpoints were tried and none can be used. */
  readonly onNoneReached?: () => void;
}

const METADATA_ATTEMPTS = 10;
/** A node may be in the middle of the upgrade; after these it has only the old form. */
const NEWEST_ATTEMPTS = 3;
const METADATA_RETRY_MS = 2000;
/** A link that lasted so long has made up for the failures before it. */
const PROVED_MS = 30_000;

export class SteadyProvider implements ProviderInterface {
  readonly hasSubscriptions = true;
  readonly isClonable = false;
  readonly #options: SteadyProviderOptions;
  readonly #deps: SteadyProviderDependencies;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #choice: EndpointChoice;
  readonly #closing = new AbortController();
  readonly #listeners = new Map<EventType, Set<(value?: any) => void>>();
  readonly #subscriptions: Subscriptions;
  #callCount = 0;
  #link?: Link;
  #linkedAtMs = 0;
  #uptimeBeforeMs = 0;
  #lostAtMs?: number;
  #loop?: Promise<void>;

  constructor(options: SteadyProviderOptions, deps: SteadyProviderDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#subscriptions = new Subscriptions({ clock: deps.clock, log: deps.log, closed: this.closed });
    this.#choice = new EndpointChoice(new Endpoints(options.urls, deps.random), options, deps);
  }

  get isConnected(): boolean {
    return this.#link !== undefined;
  }

  /** Of the node in use, or else of all. */
  get url(): string {
    return this.#link?.url ?? this.#options.urls.map(shownUrl).join(", ");
  }

  /** A clock that stands still during outages: what patience with a working node is measured by. */
  uptimeMs(): number {
    return this.#uptimeBeforeMs +
      (this.#link === undefined ? 0 : this.#clock.monotonicMs() - this.#linkedAtMs);
  }

  /** Aborts when the client is closed. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** The last failure of each endpoint that has failed, by url. */
  get failures(): ReadonlyMap<string, unknown> {
    return this.#choice.failures;
  }

  /** A call is under way: outages tell how many are, and no node is left for a mere preference. @returns its end */
  beginCall(): () => void {
    this.#callCount++;
    return () => void this.#callCount--;
  }

  clone(): ProviderInterface {
    return new SteadyProvider(this.#options, this.#deps);
  }

  /** Starts connecting; idempotent. */
  async connect(): Promise<void> {
    this.#loop ??= this.#run();
  }

  async disconnect(): Promise<void> {
    this.#closing.abort(chainError("chain/disconnected", `use ${this.url}: the client is closed`));
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
  async send<T = any>(method: string, params: unknown[]): Promise<T> {
    try {
      if (method === "state_getMetadata" && params.length === 0) return await this.#metadata();
      return await this.request(method, params);
    } catch (error) {
      if (this.#closing.signal.aborted) return new Promise<T>(() => {});
      // Without a list the API takes it that the node has what every node has; without an answer it gives up.
      if (method === "rpc_methods" && !isSkeinError(error)) return { methods: [] } as T;
      throw error;
    }
  }

  /** A refusal would go past the API and end the process. */
  async #metadata(): Promise<any> {
    const request = (method: string, params: unknown[]) => this.request(method, params);
    for (let attempt = 1;; attempt++) {
      try {
        const newest = attempt <= NEWEST_ATTEMPTS ? await newestMetadata(request) : undefined;
        return newest ?? await request("state_getMetadata", []);
      } catch (error) {
        if (isSkeinError(error) || attempt === METADATA_ATTEMPTS) throw error;
        this.#log.debug(`chain: metadata: ${(error as Error).message}, asking again`);
        await this.#clock.sleep(METADATA_RETRY_MS, this.#closing.signal);
      }
    }
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
        // Also what ends each link that it is sent over, as a question does that takes a node too long.
        if (this.#clock.monotonicMs() >= deadlineMs) throw error;
      }
    }
  }

  /** @throws the node's `RpcError` when it does not know the subscription */
  async subscribe(type: string, method: string, params: unknown[], handler: UpdateHandler): Promise<string> {
    for (;;) {
      const link = await this.connected().catch(() => new Promise<never>(() => {}));
      const id = await this.#subscriptions.add(link, { type, method, params, handler });
      if (id !== undefined) return id;
    }
  }

  async unsubscribe(_type: string, method: string, id: number | string): Promise<boolean> {
    return this.#subscriptions.remove(this.#link, method, String(id));
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
    const { lastFailure } = this.#choice;
    if (isSkeinError(lastFailure, "chain/other-chain")) return lastFailure;
    return chainError(
      "chain/disconnected",
      `use ${this.url}: no connection for ${Math.round(limitMs / 1000)} s, check the node and the network`,
      { url: this.url },
      lastFailure,
    );
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let successor: Successor | undefined;
    while (!signal.aborted) {
      const candidate = successor?.candidate ?? await this.#choice.choose(signal);
      if (candidate !== undefined && signal.aborted) candidate.link.drop("closed by us");
      if (candidate?.link.isAlive) successor = await this.#serve(candidate);
      else {
        if (candidate === undefined) this.#deps.onNoneReached?.();
        successor = undefined;
        const { endpoints } = this.#choice;
        await this.#clock.sleep(endpoints.waitMs(this.#clock.monotonicMs()), signal).catch(() => {});
      }
    }
    successor?.candidate.link.drop("closed by us");
  }

  /** From the announcement of a link to its end. @returns what to go on with, if it was left for another */
  async #serve(candidate: Candidate): Promise<Successor | undefined> {
    const { link, endpoint } = candidate;
    this.#link = link;
    this.#linkedAtMs = this.#clock.monotonicMs();
    this.#tellStart(candidate);
    this.#subscriptions.openAgain(link);
    this.#emit("connected");
    const successor = await watchLink(candidate, this.#choice, this.#options, {
      clock: this.#clock,
      isQuiet: () => this.#callCount === 0 && link.isIdle,
    });
    if (successor !== undefined) link.drop(successor.reason);
    const reason = await link.ended;
    this.#uptimeBeforeMs = this.uptimeMs();
    this.#link = undefined;
    if (this.#clock.monotonicMs() - this.#linkedAtMs >= PROVED_MS) this.#choice.endpoints.proved(endpoint);
    this.#choice.lost(endpoint, reason);
    if (!this.#closing.signal.aborted) this.#tellEnd(endpoint.url, reason, successor);
    this.#emit("disconnected");
    return successor;
  }

  #tellStart({ endpoint }: Candidate): void {
    if (this.#lostAtMs !== undefined) {
      const seconds = Math.round((this.#clock.monotonicMs() - this.#lostAtMs) / 1000);
      this.#log.info(
        `chain: connected to ${endpoint.url} again after ${seconds} s, calls that waited: ${this.#callCount}`,
      );
      this.#lostAtMs = undefined;
    } else if (endpoint.rank > 0 && this.#uptimeBeforeMs === 0) {
      this.#log.info(`chain: using ${endpoint.url}: the endpoints named before it cannot be used now`);
    }
  }

  #tellEnd(url: string, reason: string, successor: Successor | undefined): void {
    if (successor !== undefined) {
      this.#log.info(`chain: ${url} is left for ${successor.candidate.endpoint.url}: ${reason}`);
      return;
    }
    this.#lostAtMs = this.#clock.monotonicMs();
    this.#log.warn(
      `chain: connection to ${url} lost, calls waiting: ${this.#callCount}, connecting again: ${reason}`,
    );
  }

  #emit(type: EventType): void {
    for (const handler of [...this.#listeners.get(type) ?? []]) handler();
  }
}

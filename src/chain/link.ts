/**
 * One WebSocket to a node, from its opening to its end; it is never revived. A request that the node leaves unanswered ends the
 * link: a stalled node is as gone as a dead one. Time comes from the clock and sockets from a function, so that an outage of ten
 * minutes can be had in none.
 */
import type { Clock } from "../base/clock.ts";
import { chainError } from "./errors.ts";
import { JsonRpc, type UpdateHandler } from "./json_rpc.ts";
import { cannotConnect, complaintOf } from "./no_connection.ts";

/** As much of a WebSocket as is needed here. */
export interface RpcSocket {
  onopen: ((event: any) => void) | null;
  /** Of events with the text as their `data`. */
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(text: string): void;
  close(): void;
}

export type OpenSocket = (url: string) => RpcSocket;

export interface LinkOptions {
  /** For people. */
  readonly url: string;
  /** To connect to; `url` by default. */
  readonly address?: string;
  readonly openTimeoutMs: number;
  readonly replyTimeoutMs: number;
}

export interface LinkDependencies {
  readonly clock: Clock;
  readonly openSocket: OpenSocket;
}

export const openWebSocket: OpenSocket = (url) => new WebSocket(url);

export class Link {
  readonly url: string;
  readonly #options: LinkOptions;
  readonly #clock: Clock;
  readonly #socket: RpcSocket;
  readonly #rpc: JsonRpc;
  readonly #ended = Promise.withResolvers<string>();
  #isAlive = true;
  #complaint?: string;

  private constructor(options: LinkOptions, { clock, openSocket }: LinkDependencies) {
    this.url = options.url;
    this.#options = options;
    this.#clock = clock;
    this.#socket = openSocket(options.address ?? options.url);
    this.#rpc = new JsonRpc((text) => this.#socket.send(text));
    this.#socket.onmessage = ({ data }) => this.#receive(data);
    this.#socket.onerror = (event) => void (this.#complaint = complaintOf(event)); // a close follows
    this.#socket.onclose = () => this.#end(this.#complaint ?? "the node closed the connection");
  }

  /** @throws {SkeinError} `chain/unreachable` */
  static async open(options: LinkOptions, deps: LinkDependencies): Promise<Link> {
    let link: Link;
    try {
      link = new Link(options, deps);
    } catch (error) {
      throw cannotConnect(options.url, (error as Error).message);
    }
    const opened = new Promise<true>((resolve) => link.#socket.onopen = () => resolve(true));
    const seconds = Math.round(options.openTimeoutMs / 1000);
    const cancel = deps.clock.after(options.openTimeoutMs, () => link.drop(`no answer in ${seconds} s`));
    const outcome = await Promise.race([opened, link.#ended.promise]);
    cancel();
    if (outcome === true) return link;
    throw cannotConnect(options.url, outcome);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Nobody waits for an answer. */
  get isIdle(): boolean {
    return this.#rpc.pendingCount === 0;
  }

  /** Resolves with the reason when the link has ended. Never rejects. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /**
   * @returns the JSON result
   * @throws {SkeinError} `chain/disconnected` when the link ends first, and the node's own `RpcError` otherwise
   */
  send(method: string, params: unknown[]): Promise<any> {
    return this.#orLost(method, () => this.#rpc.request(method, params));
  }

  /** @returns the node's id of the subscription */
  subscribe(
    type: string,
    method: string,
    params: unknown[],
    handler: UpdateHandler,
  ): Promise<number | string> {
    return this.#orLost(method, () =>
      this.#rpc.subscribe(type, method, params, (error, result) => {
        if (this.#isAlive) handler(error, result);
      }));
  }

  /** Does not wait for the answer. */
  unsubscribe(type: string, method: string, id: number | string): void {
    this.#rpc.forget(type, id);
    if (this.#isAlive) this.send(method, [id]).catch(() => {});
  }

  /** Ends the link now, whether or not the node takes part in the closing. */
  drop(reason: string): void {
    this.#end(reason);
    try {
      this.#socket.close();
    } catch {
      // Not yet open in a runtime that minds: it closes by itself once nobody holds it.
    }
  }

  #end(reason: string): void {
    this.#isAlive = false;
    this.#ended.resolve(reason);
  }

  #receive(data: unknown): void {
    if (!this.#isAlive) return;
    try {
      if (typeof data !== "string") throw new TypeError("no text");
      this.#rpc.receive(data);
    } catch (error) {
      this.drop(`the node sends what is no JSON-RPC: ${(error as Error).message}`);
    }
  }

  async #orLost<T>(method: string, request: () => Promise<T>): Promise<T> {
    const lost = (reason: string) =>
      chainError(
        "chain/disconnected",
        `request ${method} of ${this.url}: ${reason}, wait for the connection or use another node`,
        { url: this.url, found: reason },
      );
    if (!this.#isAlive) throw lost("the connection has ended");
    const cancel = this.#clock.after(
      this.#options.replyTimeoutMs,
      () => this.drop("the node stopped answering"),
    );
    const reply = request().catch((error: Error) => {
      if (!this.#isAlive) throw lost("the connection ended before the answer");
      throw error;
    });
    try {
      return await Promise.race([
        reply,
        this.#ended.promise.then((reason) => Promise.reject(lost(reason))),
      ]);
    } finally {
      cancel();
    }
  }
}

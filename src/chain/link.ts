/**
 * One WebSocket to a node, from its opening to its end; it is never revived. Built on a @polkadot WsProvider without
 * auto-connect. A request that the node leaves unanswered ends the link: a stalled node is as gone as a dead one.
 */
import { WsProvider } from "@polkadot/api";
import type { Clock } from "../base/clock.ts";
import { chainError } from "./errors.ts";

export interface LinkOptions {
  readonly url: string;
  readonly openTimeoutMs: number;
  readonly replyTimeoutMs: number;
}

/** JSON-RPC subscription callback of @polkadot providers. */
export type UpdateHandler = (error: Error | null, result: any) => void;

export class Link {
  readonly #ws: WsProvider;
  readonly #url: string;
  readonly #ended = Promise.withResolvers<string>();
  #isAlive = true;

  private constructor(ws: WsProvider, url: string) {
    this.#ws = ws;
    this.#url = url;
    ws.on("disconnected", () => this.#end("the node closed the connection"));
  }

  /** @throws {SkeinError} `chain/unreachable` */
  static async open(options: LinkOptions, clock: Clock): Promise<Link> {
    const ws = new WsProvider(options.url, false, {}, options.replyTimeoutMs);
    const link = new Link(ws, options.url);
    const opened = new Promise<true>((resolve) => ws.on("connected", () => resolve(true)));
    const cancel = clock.after(options.openTimeoutMs, () => link.drop("no answer to the opening"));
    ws.connect().catch((error) => link.drop((error as Error).message));
    const outcome = await Promise.race([opened, link.#ended.promise]);
    cancel();
    if (outcome === true) return link;
    throw chainError(
      "chain/unreachable",
      `connect to ${options.url}: ${outcome}, a Substrate node's WebSocket is required, check the address`,
      { url: options.url },
    );
  }

  get isAlive(): boolean {
    return this.#isAlive;
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
    return this.#orLost(method, () => this.#ws.send(method, params, false));
  }

  /** @returns the node's id of the subscription */
  subscribe(
    type: string,
    method: string,
    params: unknown[],
    handler: UpdateHandler,
  ): Promise<number | string> {
    return this.#orLost(method, () =>
      this.#ws.subscribe(type, method, params, (error, result) => {
        if (this.#isAlive) handler(error, result);
      }));
  }

  /** Does not wait for the answer. */
  unsubscribe(type: string, method: string, id: number | string): void {
    if (this.#isAlive) this.#ws.unsubscribe(type, method, id).catch(() => {});
  }

  /** Ends the link now, whether or not the node takes part in the closing. */
  drop(reason: string): void {
    this.#end(reason);
    this.#ws.disconnect().catch(() => {});
  }

  #end(reason: string): void {
    this.#isAlive = false;
    this.#ended.resolve(reason);
  }

  async #orLost<T>(method: string, request: () => Promise<T>): Promise<T> {
    const lost = (reason: string) =>
      chainError(
        "chain/disconnected",
        `request ${method} of ${this.#url}: ${reason}, wait for the connection or use another node`,
        { url: this.#url },
      );
    if (!this.#isAlive) throw lost("the connection has ended");
    const reply = request().catch((error: Error) => {
      if (error.message.startsWith("No response received")) this.drop("the node stopped answering");
      if (!this.#isAlive) throw lost("the connection ended before the answer");
      throw error;
    });
    return await Promise.race([reply, this.#ended.promise.then((reason) => Promise.reject(lost(reason)))]);
  }
}

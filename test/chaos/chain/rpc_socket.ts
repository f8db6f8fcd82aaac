/** JSON-RPC over one WebSocket to a process that may die at any moment: everything that waits then fails. */

// deno-lint-ignore no-explicit-any
type Result = any;

/** What every request says that the socket's end left without an answer. */
export const GONE = "the chain is gone";

interface Waiting {
  resolve(result: Result): void;
  reject(error: Error): void;
}

export class RpcSocket {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, (result: Result) => void>();
  /** What came for a subscription before its id did. */
  readonly #early = new Map<string, Result[]>();
  #lastId = 0;
  readonly #gone = Promise.withResolvers<never>();
  /** Rejects when the socket has closed. */
  readonly gone: Promise<never> = this.#gone.promise;

  static async open(url: string): Promise<RpcSocket> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error(`connect to ${url}: refused`));
    });
    return new RpcSocket(socket);
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onerror = () => {}; // a close follows
    this.gone.catch(() => {}); // not everybody waits for it
    socket.onclose = () => {
      this.#gone.reject(new Error(GONE));
      for (const { reject } of this.#waiting.values()) reject(new Error(GONE));
      this.#waiting.clear();
    };
  }

  ask(method: string, ...params: unknown[]): Promise<Result> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error(GONE));
    const id = ++this.#lastId;
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  async subscribe(method: string, params: unknown[], listener: (result: Result) => void): Promise<void> {
    const id = await this.ask(method, ...params);
    this.#listeners.set(id, listener);
    for (const result of this.#early.get(id) ?? []) listener(result);
    this.#early.delete(id);
  }

  close(): void {
    this.#socket.close();
  }

  #receive(message: Result): void {
    if (message.id === undefined) {
      const { subscription, result } = message.params;
      const listener = this.#listeners.get(subscription);
      if (listener) return listener(result);
      this.#early.set(subscription, [...this.#early.get(subscription) ?? [], result]);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) waiting?.reject(new Error(`${message.error.code}: ${message.error.message}`));
    else waiting?.resolve(message.result);
  }
}

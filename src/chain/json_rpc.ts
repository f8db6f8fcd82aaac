/**
 * JSON-RPC over one socket, texts in and texts out: requests by number, subscriptions by the node's id. It knows no time and
 * no socket; `Link` does. A node may notify of a subscription before it answers the request for it: such early news is kept,
 * in order, but not without limit, for the node is a stranger.
 */

/** JSON-RPC subscription callback of @polkadot providers. */
export type UpdateHandler = (error: Error | null, result: any) => void;

/** The node's own answer that a request failed; worded as @polkadot's, but for what would move a terminal's cursor. */
export class RpcError extends Error {
  override name = "RpcError";
  readonly code: number;
  readonly data: unknown;

  constructor({ code, message, data }: { code: number; message: string; data?: unknown }) {
    const details = data === undefined ? "" : `: ${typeof data === "string" ? data : JSON.stringify(data)}`;
    super(`${code}: ${printable(message)}${printable(details)}`);
    this.code = code;
    this.data = data;
  }
}

/** A stranger's words without what moves a terminal's cursor, and not without end. */
export function printable(text: unknown): string {
  // deno-lint-ignore no-control-regex
  return String(text).slice(0, MAX_DETAIL_CHARACTERS).replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
}

interface Pending {
  readonly resolve: (result: any) => void;
  readonly reject: (error: Error) => void;
  readonly subscription?: { readonly type: string; readonly handler: UpdateHandler };
}

interface Early {
  readonly key: string;
  readonly params: any;
}

const MAX_EARLY = 256;
const MAX_DETAIL_CHARACTERS = 256;

export class JsonRpc {
  readonly #sendText: (text: string) => void;
  readonly #pending = new Map<number, Pending>();
  readonly #handlers = new Map<string, UpdateHandler>();
  #early: Early[] = [];
  #lastId = 0;

  constructor(sendText: (text: string) => void) {
    this.#sendText = sendText;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** @throws {RpcError} */
  request(method: string, params: unknown[]): Promise<any> {
    return this.#send(method, params);
  }

  /** @param type the name of the notifications @returns the node's id @throws {RpcError} */
  subscribe(
    type: string,
    method: string,
    params: unknown[],
    handler: UpdateHandler,
  ): Promise<number | string> {
    return this.#send(method, params, { type, handler });
  }

  forget(type: string, id: number | string): void {
    this.#handlers.delete(keyOf(type, id));
  }

  /** @throws what is no JSON-RPC message */
  receive(text: string): void {
    const message = JSON.parse(text);
    if (message === null || typeof message !== "object") throw new TypeError("no JSON-RPC message");
    if (typeof message.method === "string") this.#notify(message);
    else this.#answer(message);
  }

  #send(method: string, params: unknown[], subscription?: Pending["subscription"]): Promise<any> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, subscription });
      try {
        this.#sendText(JSON.stringify({ id, jsonrpc: "2.0", method, params }));
      } catch (error) {
        this.#pending.delete(id);
        reject(error as Error);
      }
    });
  }

  #answer({ id, result, error }: any): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return; // of a request that was given up, or a second answer
    this.#pending.delete(id);
    if (error !== undefined && error !== null) return pending.reject(new RpcError(error));
    if (pending.subscription !== undefined) {
      const { type, handler } = pending.subscription;
      const key = keyOf(type, result);
      this.#handlers.set(key, handler);
      const news = this.#early.filter((each) => each.key === key);
      this.#early = this.#early.filter((each) => each.key !== key);
      for (const { params } of news) deliver(handler, params);
    }
    pending.resolve(result ?? null);
  }

  #notify({ method, params }: any): void {
    const key = keyOf(method, params?.subscription);
    const handler = this.#handlers.get(key);
    if (handler !== undefined) return deliver(handler, params);
    this.#early.push({ key, params });
    if (this.#early.length > MAX_EARLY) this.#early.shift();
  }
}

function deliver(handler: UpdateHandler, { result, error }: any): void {
  if (error !== undefined && error !== null) handler(new RpcError(error), undefined);
  else handler(null, result);
}

/** Some nodes spell the one notification that has two spellings the British way. */
const keyOf = (type: string, id: unknown): string =>
  `${type === "chain_finalisedHead" ? "chain_finalizedHead" : type} ${id}`;

/**
 * One client's socket. Messages are answered in turn; notifications that arise while one is answered go out after the
 * answer, for a client knows a subscription by the id in it. Everything the client has running ends with the socket.
 */
import type { Log } from "../../../base/log.ts";
import { RpcError } from "../pool/refusal.ts";
import { answerMessage } from "./json_rpc.ts";
import type { NodeParts, StartSubscription, Subscriber } from "./method.ts";

export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
const MAX_SUBSCRIPTIONS = 1024;
/** A client that does not read is cut off before its backlog is ours. */
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;
const CLOSE_TOO_BIG = 1009;
const CLOSE_POLICY = 1008;

/** As much of a WebSocket as is needed here. */
export interface Socket {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}
const OPEN = 1;

let lastSubscription = 0;

export class Connection implements Subscriber {
  readonly #socket: Socket;
  readonly #parts: NodeParts;
  readonly #log: Log;
  readonly #subscriptions = new Map<string, () => void>();
  /** Notifications held back until the answer is out; undefined between messages. */
  #heldBack: string[] | undefined;

  constructor(socket: Socket, parts: NodeParts, log: Log) {
    this.#socket = socket;
    this.#parts = parts;
    this.#log = log;
  }

  receive(data: unknown): void {
    const text = typeof data === "string" ? data : "";
    if (text.length > MAX_MESSAGE_BYTES) return this.#socket.close(CLOSE_TOO_BIG, "message too big");
    this.#heldBack = [];
    const answer = answerMessage(text, this.#parts, this, this.#log);
    const heldBack = this.#heldBack;
    this.#heldBack = undefined;
    if (answer !== undefined) this.#send(answer);
    for (const notification of heldBack) this.#send(notification);
  }

  subscribe(method: string, start: StartSubscription): string {
    if (this.#subscriptions.size >= MAX_SUBSCRIPTIONS) {
      throw new RpcError(-32006, `Too many subscriptions: ${MAX_SUBSCRIPTIONS} at most on a connection`);
    }
    const id = `s${++lastSubscription}`;
    const notify = (result: unknown) =>
      this.#notify(JSON.stringify({ jsonrpc: "2.0", method, params: { subscription: id, result } }));
    const stop = start(notify, () => this.#subscriptions.delete(id));
    this.#subscriptions.set(id, stop);
    return id;
  }

  unsubscribe(id: unknown): boolean {
    const stop = typeof id === "string" ? this.#subscriptions.get(id) : undefined;
    if (!stop) return false;
    this.#subscriptions.delete(id as string);
    stop();
    return true;
  }

  /** The socket is gone. */
  ended(): void {
    for (const stop of this.#subscriptions.values()) stop();
    this.#subscriptions.clear();
  }

  close(): void {
    this.#socket.close(1001, "the chain stops");
  }

  #notify(text: string): void {
    if (this.#heldBack) this.#heldBack.push(text);
    else this.#send(text);
  }

  #send(text: string): void {
    if (this.#socket.readyState !== OPEN) return;
    if (this.#socket.bufferedAmount > MAX_BACKLOG_BYTES) {
      return this.#socket.close(CLOSE_POLICY, "the client does not read");
    }
    this.#socket.send(text);
  }
}

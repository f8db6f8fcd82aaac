/** Nodes that know a genesis and a head, behind sockets without a network: reachable, silent, behind or gone as a test says. */
import type { OpenSocket, RpcSocket } from "../../../src/chain/link.ts";

export class ScriptedNode {
  genesisHash = "0xgenesis";
  head = 100;
  isSyncing = false;
  /** Takes sockets in. */
  isUp = true;
  /** Leaves requests unanswered. */
  isSilent = false;
  /** Leaves these unanswered. */
  readonly unanswered = new Set<string>();
  openingCount = 0;
  /** So many subscriptions are refused. */
  refusals = 0;
  readonly requests: string[] = [];
  readonly #sockets = new Set<RpcSocket>();

  /** Sockets that are open. */
  get socketCount(): number {
    return this.#sockets.size;
  }

  goDown(): void {
    this.isUp = false;
    for (const socket of [...this.#sockets]) this.#close(socket);
  }

  open(): RpcSocket {
    this.openingCount++;
    const socket: RpcSocket = {
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text) => this.#answer(socket, JSON.parse(text)),
      close: () => this.#close(socket),
    };
    queueMicrotask(() => {
      if (!this.isUp) return socket.onclose?.({});
      this.#sockets.add(socket);
      socket.onopen?.({});
    });
    return socket;
  }

  /** To whoever has subscribed. */
  tell(method: string, result: unknown): void {
    const text = JSON.stringify({ jsonrpc: "2.0", method, params: { subscription: "its id", result } });
    for (const socket of this.#sockets) queueMicrotask(() => socket.onmessage?.({ data: text }));
  }

  #close(socket: RpcSocket): void {
    this.#sockets.delete(socket);
    queueMicrotask(() => socket.onclose?.({}));
  }

  #answer(socket: RpcSocket, { id, method }: { id: number; method: string }): void {
    this.requests.push(method);
    if (this.isSilent || this.unanswered.has(method)) return;
    const answers: Record<string, unknown> = {
      chain_getBlockHash: this.genesisHash,
      chain_getHeader: { number: `0x${this.head.toString(16)}` },
      system_health: { isSyncing: this.isSyncing },
      system_name: this.genesisHash,
    };
    const isRefused = method.endsWith("_subscribe") && this.refusals-- > 0;
    const answer = isRefused
      ? { error: { code: -32000, message: "too many" } }
      : { result: answers[method] ?? (method.endsWith("_subscribe") ? "its id" : null) };
    const text = JSON.stringify({ jsonrpc: "2.0", id, ...answer });
    queueMicrotask(() => this.#sockets.has(socket) && socket.onmessage?.({ data: text }));
  }
}

export function scriptedSockets(nodes: Readonly<Record<string, ScriptedNode>>): OpenSocket {
  return (url) => nodes[url].open();
}

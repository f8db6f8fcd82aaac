/**
 * A node that answers from the recorded session as of one of its moments. What was not recorded is refused, so that a client
 * that asks for more fails and shows for what.
 */
import type { OpenSocket, RpcSocket } from "../../../src/chain/link.ts";
import { type RecordedFrame, recordedSession } from "./recorded.ts";

const HANDSHAKE = [
  "state_getRuntimeVersion",
  "system_chain",
  "system_properties",
  "system_health",
  "rpc_methods",
];

export class RecordedNode {
  /** `method` or `state_call` name, and the parameters, of what was refused. */
  readonly refused: string[] = [];
  /** Functions of the runtime. */
  readonly asked: string[] = [];
  readonly #answers = new Map<string, unknown>();
  readonly #storage = new Map<string, string | null>();
  readonly #networks = new Set<string>();
  #headNumber = 0;

  /** @param isMoment of the frame after whose answer the node stands still; the session's end if none is */
  constructor(isMoment: (frame: RecordedFrame) => boolean = () => false) {
    const asked = new Map<number, RecordedFrame["m"]>();
    let lastId: number | undefined;
    for (const { d, m } of recordedSession()) {
      if (d === ">") {
        asked.set(m.id, m);
        if (isMoment({ d, m })) lastId = m.id;
        continue;
      }
      const question = asked.get(m.id);
      if (question === undefined || m.error !== undefined) continue;
      this.#take(question, m.result);
      if (m.id === lastId) break;
    }
  }

  readonly openSocket: OpenSocket = () => {
    const socket: RpcSocket = {
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text) => {
        const reply = JSON.stringify(this.#reply(JSON.parse(text)));
        queueMicrotask(() => socket.onmessage?.({ data: reply }));
      },
      close: () => queueMicrotask(() => socket.onclose?.({})),
    };
    queueMicrotask(() => socket.onopen?.({}));
    return socket;
  };

  #take({ method, params }: { method: string; params: any[] }, result: any): void {
    if (HANDSHAKE.includes(method) || method === "chain_getBlockHash") {
      this.#answers.set(keyOf(method, params), result);
    }
    if (method === "state_call") this.#answers.set(keyOf(params[0], [params[1]]), result);
    if (method === "state_queryStorageAt") {
      for (const { changes } of result) for (const [key, value] of changes) this.#storage.set(key, value);
    }
    if (method === "state_getKeysPaged") {
      this.#answers.set(keyOf(method, params.slice(0, 3)), result);
      for (const key of result) this.#networks.add(key);
    }
    if (method === "chain_getHeader" && params.length === 0) {
      this.#headNumber = Number(result.number);
      this.#answers.set(keyOf(method, []), result);
    }
  }

  #reply({ id, method, params }: { id: number; method: string; params: any[] }) {
    const result = this.#answer(method, params);
    if (result !== undefined) return { jsonrpc: "2.0", id, result };
    this.refused.push(`${method} ${JSON.stringify(params).slice(0, 300)}`);
    return { jsonrpc: "2.0", id, error: { code: -32000, message: "not recorded" } };
  }

  #answer(method: string, params: any[]): unknown {
    if (/_subscribe|_unsubscribe/.test(method)) return "recorded";
    // The head's hash was not asked for in the session: any will do, it comes back as the block to read at.
    if (method === "chain_getBlockHash" && (params.length === 0 || Number(params[0]) === this.#headNumber)) {
      return `0x${"aa".repeat(32)}`;
    }
    if (method === "chain_getFinalizedHead") return `0x${"aa".repeat(32)}`;
    if (method === "chain_getHeader") return this.#answers.get(keyOf(method, []));
    if (method === "state_call") {
      this.asked.push(params[0]);
      return this.#answers.get(keyOf(params[0], [params[1]]));
    }
    if (method === "state_queryStorageAt") return this.#query(params[0]);
    if (method === "state_getKeysPaged") return this.#answers.get(keyOf(method, params.slice(0, 3)));
    return this.#answers.get(keyOf(method, params));
  }

  #query(keys: string[]): unknown {
    const known = (key: string) => this.#storage.has(key) || this.#networks.has(key);
    const unknown = keys.filter((key) => !known(key));
    if (unknown.length > 0) return undefined;
    // A key that was listed among those of NetworksAdded holds true.
    const changes = keys.map((
      key,
    ) => [key, this.#storage.get(key) ?? (this.#networks.has(key) ? "0x01" : null)]);
    return [{ block: `0x${"aa".repeat(32)}`, changes }];
  }

  /** In place of what was recorded, for a method without parameters. */
  answer(method: string, result: unknown): void {
    this.#answers.set(keyOf(method, []), result);
  }

  /** What the session shows in another place: a value, or that nobody wrote one. */
  know(key: string, value: string | null): void {
    if (!this.#storage.has(key)) this.#storage.set(key, value);
  }
}

const keyOf = (method: string, params: unknown[]) => `${method} ${JSON.stringify(params)}`;

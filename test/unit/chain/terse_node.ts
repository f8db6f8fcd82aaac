/**
 * A node before a local chain that knows only what a client was seen to need of a chain that executes a real runtime, and says it in the
 * way of that chain's host: nothing, or words of its own, about blocks that it does not know, and a first block whose
 * hash is not that of its header.
 */
import type { OpenSocket, RpcSocket } from "../../../src/chain/link.ts";

/** The methods of the recorded session, and subscriptions to heads. */
const METHODS = [
  ...["chain_getBlockHash", "chain_getHeader", "chain_getFinalizedHead", "chain_getBlock"],
  ...["state_getRuntimeVersion", "state_subscribeRuntimeVersion", "state_call", "state_getStorage"],
  ...[
    "state_getKeysPaged",
    "state_queryStorageAt",
    "author_submitAndWatchExtrinsic",
    "author_unwatchExtrinsic",
  ],
  ...["system_chain", "system_properties", "system_health", "chain_subscribeNewHead"],
  ...[
    "chain_unsubscribeNewHead",
    "chain_subscribeFinalizedHeads",
    "chain_unsubscribeFinalizedHeads",
    "dev_newBlock",
  ],
];

interface Message {
  readonly id: number;
  readonly method: string;
  readonly params: any[];
}

export class TerseNode {
  /** What was asked for and is not there. */
  readonly refused = new Set<string>();
  /** Says of these keys that nobody has written them. */
  readonly emptied = new Set<string>();
  readonly #url: string;

  /** @param url of the local chain */
  constructor(url: string) {
    this.#url = url;
  }

  readonly openSocket: OpenSocket = () => {
    const chain = new WebSocket(this.#url);
    const asked = new Map<number, Message>();
    const answer = (reply: Record<string, unknown>) =>
      queueMicrotask(() => socket.onmessage?.({ data: JSON.stringify({ jsonrpc: "2.0", ...reply }) }));
    const socket: RpcSocket = {
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text) => {
        const message: Message = JSON.parse(text);
        asked.set(message.id, message);
        if (METHODS.includes(message.method)) return chain.send(text);
        this.refused.add(message.method);
        answer({ id: message.id, error: { code: -32601, message: "Method not found" } });
      },
      close: () => chain.close(),
    };
    chain.onopen = () => socket.onopen?.({});
    chain.onclose = () => socket.onclose?.({});
    chain.onmessage = ({ data }) => {
      const { id, ...reply } = JSON.parse(data);
      if (id === undefined) return answer(inItsWords(reply));
      const message = asked.get(id);
      if (message?.method === "state_queryStorageAt") this.#empty(reply.result);
      answer({ id, ...inItsWords(reply, message) });
    };
    return socket;
  };

  #empty(sets: { changes: [string, string | null][] }[] | undefined): void {
    for (const change of (sets ?? []).flatMap(({ changes }) => changes)) {
      if (this.emptied.has(change[0])) change[1] = null;
    }
  }
}

function inItsWords(reply: Record<string, any>, asked?: Message): Record<string, unknown> {
  const header = asked?.method === "chain_getHeader" ? reply.result : reply.params?.result;
  if (header?.number === "0x0") header.extrinsicsRoot = `0x${"00".repeat(32)}`;
  if (asked === undefined || reply.error === undefined) return reply;
  const { method, params } = asked;
  const isOfBlock = /unknown ?block|not found|discarded/i.test(JSON.stringify(reply.error));
  if (!isOfBlock) return reply;
  if (method === "state_queryStorageAt") return { result: [] };
  if (method === "state_getKeysPaged") return {};
  return { error: { code: 1, message: `Block ${params.at(-1)} not found` } };
}

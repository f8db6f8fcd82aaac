/** Peers in one process: requests only, delivered in a microtask, with faults injected by wrapping the answer. */
import { SkeinError } from "../../../src/base/errors.ts";
import type { Message, Transport } from "../../../src/base/transport.ts";

type Handler = (from: string, message: Message) => Promise<Message>;
export type Fault = (message: Message, answer: () => Promise<Message>) => Promise<Message>;

export class MemoryNetwork {
  readonly #handlers = new Map<string, Map<string, Handler>>();
  /** By the peer that answers. */
  readonly faults = new Map<string, Fault>();
  /** "peer/type" of each request, in order. */
  readonly requests: string[] = [];
  readonly offences: Record<string, Record<string, number>> = {};
  /** Requests under way, now and at most. */
  inFlight = 0;
  maximumInFlight = 0;

  join(self: string): Transport {
    const handlers = new Map<string, Handler>();
    this.#handlers.set(self, handlers);
    return {
      self,
      connected: () => [...this.#handlers.keys()].filter((peer) => peer !== self),
      send: () => Promise.reject(new Error("no messages here")),
      onMessage: () => () => {},
      onPeer: () => () => {},
      request: (to, message, options) => this.#request(self, to, message, options),
      onRequest: (type, handler) => {
        handlers.set(type, handler);
        return () => handlers.delete(type);
      },
      traffic: () => ({ sentBytes: 0, receivedBytes: 0 }),
      penalise: (peer, code) => {
        const codes = this.offences[peer] ??= {};
        codes[code] = (codes[code] ?? 0) + 1;
      },
      offences: () => this.offences,
    };
  }

  async #request(
    from: string,
    to: string,
    message: Message,
    options: { maxBodyBytes: number; signal?: AbortSignal },
  ): Promise<Message> {
    this.requests.push(`${to}/${message.type}`);
    this.maximumInFlight = Math.max(this.maximumInFlight, ++this.inFlight);
    try {
      await Promise.resolve();
      options.signal?.throwIfAborted();
      const handler = this.#handlers.get(to)?.get(message.type);
      if (handler === undefined) {
        throw new SkeinError("net/unreachable", `request ${message.type}: ${to} is gone`);
      }
      const answer = () => handler(from, message);
      const reply = await (this.faults.get(to) ?? ((_message, honest) => honest()))(message, answer);
      if ((reply.body?.byteLength ?? 0) > options.maxBodyBytes) {
        throw new SkeinError("net/too-large", `read the answer of ${to}: too large`);
      }
      return reply;
    } finally {
      this.inFlight--;
    }
  }
}

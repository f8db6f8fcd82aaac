/** One node's `Transport` on the simulated network. */
import { isSkeinError, SkeinError } from "../../src/base/errors.ts";
import type { Hotkey, Message, PlaceBody, Transport } from "../../src/base/transport.ts";
import type { SimNetwork } from "./sim_network.ts";
import { copyMessage } from "./wire_copy.ts";

type MessageHandler = Parameters<Transport["onMessage"]>[1];
type RequestHandler = Parameters<Transport["onRequest"]>[1];

export class SimTransport implements Transport {
  readonly self: Hotkey;
  #network: SimNetwork;
  #messageHandlers = new Map<string, MessageHandler>();
  #places = new Map<string, PlaceBody>();
  #requestHandlers = new Map<string, RequestHandler>();
  #peerHandlers = new Set<(peer: Hotkey, isUp: boolean) => void>();
  #reading = new Map<Hotkey, Promise<void>>();
  #offences: Record<Hotkey, Record<string, number>> = {};
  #sentBytes = 0;
  #receivedBytes = 0;

  constructor(self: Hotkey, network: SimNetwork) {
    this.self = self;
    this.#network = network;
  }

  connected = () => this.#network.peersOf(this.self);

  async send(to: Hotkey, message: Message, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#sentBytes += message.body?.byteLength ?? 0;
    const isTaken = this.#network.carry(
      this,
      to,
      copyMessage(message),
      (node, arrived) => node.#receive(this.self, arrived),
    );
    if (!isTaken) throw gone(to);
  }

  onMessage(type: string, handler: MessageHandler, place?: PlaceBody): () => void {
    this.#messageHandlers.set(type, handler);
    if (place) this.#places.set(type, place);
    return () => {
      this.#messageHandlers.delete(type);
      this.#places.delete(type);
    };
  }

  onPeer(handler: (peer: Hotkey, isUp: boolean) => void): () => void {
    this.#peerHandlers.add(handler);
    return () => this.#peerHandlers.delete(handler);
  }

  request(
    to: Hotkey,
    message: Message,
    options: { maxBodyBytes: number; timeoutMs: number; signal?: AbortSignal },
  ): Promise<Message> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void) => {
        clear();
        signal?.removeEventListener("abort", onAbort);
        settle();
      };
      const onAbort = () => answer(() => reject(signal!.reason));
      const clear = this.#network.clock().after(options.timeoutMs, () => answer(() => reject(gone(to))));
      signal?.addEventListener("abort", onAbort);
      const accept = (reply: Message) => {
        const isTooLarge = (reply.body?.byteLength ?? 0) > options.maxBodyBytes;
        answer(() => isTooLarge ? reject(gone(to)) : resolve(reply));
      };
      const isTaken = this.#network.carry(this, to, copyMessage(message), (node, arrived) => {
        const handler = node.#requestHandlers.get(arrived.type);
        if (!handler) return;
        handler(this.self, arrived).then(
          (reply) => this.#network.carry(node, this.self, copyMessage(reply), (_, back) => accept(back)),
          (error) => {
            if (!isSkeinError(error)) return this.#network.failures.push(error);
            this.#network.carry(node, this.self, arrived, () => answer(() => reject(error)));
          },
        );
      });
      if (!isTaken) answer(() => reject(gone(to)));
    });
  }

  onRequest(type: string, handler: RequestHandler): () => void {
    this.#requestHandlers.set(type, handler);
    return () => this.#requestHandlers.delete(type);
  }

  traffic = () => ({ sentBytes: this.#sentBytes, receivedBytes: this.#receivedBytes });

  penalise(peer: Hotkey, code: string): void {
    const codes = this.#offences[peer] ??= {};
    codes[code] = (codes[code] ?? 0) + 1;
  }

  offences = () => this.#offences;

  peerChanged(peer: Hotkey, isUp: boolean): void {
    for (const handler of this.#peerHandlers) handler(peer, isUp);
  }

  /** A peer's messages are read one after the other. */
  #receive(from: Hotkey, message: Message): void {
    this.#receivedBytes += message.body?.byteLength ?? 0;
    const handler = this.#messageHandlers.get(message.type);
    if (!handler) return;
    const read = async () => {
      try {
        await handler(from, this.#placed(from, message));
      } catch (error) {
        if (isSkeinError(error)) this.penalise(from, error.code);
        else this.#network.failures.push(error);
      }
    };
    this.#reading.set(from, (this.#reading.get(from) ?? Promise.resolve()).then(read));
  }

  /** A body is read to where the receiver wants it. */
  #placed(from: Hotkey, message: Message): Message {
    const { body } = message;
    const place = body && this.#places.get(message.type)?.(from, message.header, body.length);
    if (!place) return message;
    place.set(body);
    return { ...message, body: place };
  }
}

const gone = (peer: Hotkey) => new SkeinError("sim/peer-gone", `send to ${peer}: not connected`);

/**
 * Wraps a hostile member's transport: what its honest half sends passes through the lies, and each half sees only the peers
 * of its side. One node may have several halves under one key, each with its own story.
 */
import type { Hotkey, Message, Transport } from "../../src/base/transport.ts";

type MessageHandler = Parameters<Transport["onMessage"]>[1];
type RequestHandler = Parameters<Transport["onRequest"]>[1];
type PeerHandler = Parameters<Transport["onPeer"]>[0];

/** Hands one transport's messages to all halves whose side the sender is on. */
export class HostileLine {
  readonly inner: Transport;
  readonly halves: HostileHalf[] = [];
  #listening = new Set<string>();

  constructor(inner: Transport) {
    this.inner = inner;
    inner.onPeer((peer, isUp) => {
      for (const half of this.halves) if (half.sees(peer)) half.peerChanged(peer, isUp);
    });
  }

  listen(type: string): void {
    if (this.#listening.has(type)) return;
    this.#listening.add(type);
    this.inner.onMessage(type, async (from, message) => {
      for (const half of this.halves) if (half.sees(from)) await half.receive(from, message);
    });
    this.inner.onRequest(type, (from, message) => {
      const half = this.halves.find((h) => h.sees(from)) ?? this.halves[0];
      return half.answer(from, message);
    });
  }
}

export class HostileHalf implements Transport {
  readonly self: Hotkey;
  #line: HostileLine;
  #side: ReadonlySet<Hotkey>;
  #lie: (to: Hotkey, message: Message) => readonly Message[];
  #onSeen: (message: Message) => void;
  #messageHandlers = new Map<string, MessageHandler>();
  #requestHandlers = new Map<string, RequestHandler>();
  #peerHandlers = new Set<PeerHandler>();

  constructor(
    line: HostileLine,
    side: ReadonlySet<Hotkey>,
    lie: (to: Hotkey, message: Message) => readonly Message[],
    onSeen: (message: Message) => void,
  ) {
    this.self = line.inner.self;
    this.#line = line;
    this.#side = side;
    this.#lie = lie;
    this.#onSeen = onSeen;
    line.halves.push(this);
  }

  sees = (peer: Hotkey): boolean => this.#side.has(peer);

  /** Sides change: to its honest half it looks as if peers came and went. */
  setSide(side: ReadonlySet<Hotkey>): void {
    const before = this.#side;
    this.#side = side;
    for (const peer of this.#line.inner.connected()) {
      if (before.has(peer) !== side.has(peer)) this.peerChanged(peer, side.has(peer));
    }
  }

  connected = (): Hotkey[] => this.#line.inner.connected().filter((peer) => this.sees(peer));

  async send(to: Hotkey, message: Message, signal?: AbortSignal): Promise<void> {
    if (!this.sees(to)) return;
    this.#onSeen(message);
    for (const told of this.#lie(to, message)) await this.#line.inner.send(to, told, signal);
  }

  onMessage(type: string, handler: MessageHandler): () => void {
    this.#messageHandlers.set(type, handler);
    this.#line.listen(type);
    return () => this.#messageHandlers.delete(type);
  }

  onRequest(type: string, handler: RequestHandler): () => void {
    this.#requestHandlers.set(type, handler);
    this.#line.listen(type);
    return () => this.#requestHandlers.delete(type);
  }

  onPeer(handler: PeerHandler): () => void {
    this.#peerHandlers.add(handler);
    return () => this.#peerHandlers.delete(handler);
  }

  request(to: Hotkey, message: Message, options: Parameters<Transport["request"]>[2]): Promise<Message> {
    return this.#line.inner.request(to, message, options);
  }

  traffic = () => this.#line.inner.traffic();
  penalise(): void {}
  offences = () => ({});

  async receive(from: Hotkey, message: Message): Promise<void> {
    this.#onSeen(message);
    await this.#messageHandlers.get(message.type)?.(from, message);
  }

  answer(from: Hotkey, message: Message): Promise<Message> {
    const handler = this.#requestHandlers.get(message.type);
    return handler ? handler(from, message) : new Promise(() => {});
  }

  peerChanged(peer: Hotkey, isUp: boolean): void {
    for (const handler of this.#peerHandlers) handler(peer, isUp);
  }
}

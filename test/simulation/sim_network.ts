/**
 * An in-memory `Transport` over virtual time: links are FIFO with latency and jitter from a seed, so messages of different
 * peers overtake each other but those of one do not. A cut link loses what is in flight, as TCP does.
 */
import type { Clock } from "../../src/base/clock.ts";
import { isSkeinError, SkeinError } from "../../src/base/errors.ts";
import type { Random } from "../../src/base/random.ts";
import type { Hotkey, Message, Transport } from "../../src/base/transport.ts";

/** Changes, delays or drops (null) a message on its way. */
export type Tamper = (
  from: Hotkey,
  to: Hotkey,
  message: Message,
) => { message: Message; delayMs?: number } | null;

export class SimNetwork {
  readonly failures: unknown[] = [];
  tamper: Tamper = (_from, _to, message) => ({ message });
  messageCount = 0;
  #clock: Clock;
  #random: Random;
  #nodes = new Map<Hotkey, SimTransport>();
  #cut = new Set<string>();
  #generation = new Map<string, number>();
  #busyUntilMs = new Map<string, number>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A node comes up: everybody it can reach sees it. */
  join(hotkey: Hotkey): SimTransport {
    const transport = new SimTransport(hotkey, this);
    this.#nodes.set(hotkey, transport);
    for (const peer of transport.connected()) this.#announce(hotkey, peer, true);
    return transport;
  }

  /** A node crashes: what it had in flight is lost. */
  leave(hotkey: Hotkey): void {
    const peers = this.#nodes.get(hotkey)?.connected() ?? [];
    for (const peer of peers) this.#bump(hotkey, peer);
    this.#nodes.delete(hotkey);
    for (const peer of peers) this.#nodes.get(peer)?.peerChanged(hotkey, false);
  }

  setLink(a: Hotkey, b: Hotkey, isUp: boolean): void {
    const key = linkKey(a, b);
    if (isUp !== this.#cut.has(key)) return;
    if (isUp) this.#cut.delete(key);
    else this.#cut.add(key);
    this.#bump(a, b);
    if (this.#nodes.has(a) && this.#nodes.has(b)) this.#announce(a, b, isUp);
  }

  isLinked(a: Hotkey, b: Hotkey): boolean {
    return a !== b && this.#nodes.has(a) && this.#nodes.has(b) && !this.#cut.has(linkKey(a, b));
  }

  peersOf(hotkey: Hotkey): Hotkey[] {
    return [...this.#nodes.keys()].filter((peer) => this.isLinked(hotkey, peer));
  }

  /** Calls `deliver` at the receiver unless the link breaks first. @returns whether it was taken */
  carry(
    from: Hotkey,
    to: Hotkey,
    message: Message,
    deliver: (node: SimTransport, message: Message) => void,
  ): boolean {
    if (!this.isLinked(from, to)) return false;
    this.messageCount++;
    const tampered = this.tamper(from, to, message);
    if (!tampered) return true;
    const direction = `${from}>${to}`;
    const generation = this.#generation.get(linkKey(from, to)) ?? 0;
    const wishMs = this.#clock.monotonicMs() + 5 + this.#random.nextBelow(40) + (tampered.delayMs ?? 0);
    const atMs = Math.max(wishMs, this.#busyUntilMs.get(direction) ?? 0);
    this.#busyUntilMs.set(direction, atMs);
    this.#clock.after(atMs - this.#clock.monotonicMs(), () => {
      if ((this.#generation.get(linkKey(from, to)) ?? 0) !== generation || !this.isLinked(from, to)) return;
      deliver(this.#nodes.get(to)!, tampered.message);
    });
    return true;
  }

  clock(): Clock {
    return this.#clock;
  }

  #announce(a: Hotkey, b: Hotkey, isUp: boolean): void {
    this.#nodes.get(a)?.peerChanged(b, isUp);
    this.#nodes.get(b)?.peerChanged(a, isUp);
  }

  #bump(a: Hotkey, b: Hotkey): void {
    const key = linkKey(a, b);
    this.#generation.set(key, (this.#generation.get(key) ?? 0) + 1);
    this.#busyUntilMs.delete(`${a}>${b}`);
    this.#busyUntilMs.delete(`${b}>${a}`);
  }
}

export class SimTransport implements Transport {
  readonly self: Hotkey;
  #network: SimNetwork;
  #messageHandlers = new Map<string, (from: Hotkey, message: Message) => void | Promise<void>>();
  #requestHandlers = new Map<string, (from: Hotkey, message: Message) => Promise<Message>>();
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
    // Copies stand for the wire: no object is shared between nodes.
    const copy = structuredClone(message);
    if (!this.#network.carry(this.self, to, copy, (node, arrived) => node.#receive(this.self, arrived))) {
      throw gone(to);
    }
  }

  onMessage(type: string, handler: (from: Hotkey, message: Message) => void | Promise<void>): () => void {
    this.#messageHandlers.set(type, handler);
    return () => this.#messageHandlers.delete(type);
  }

  onPeer(handler: (peer: Hotkey, isUp: boolean) => void): () => void {
    this.#peerHandlers.add(handler);
    return () => this.#peerHandlers.delete(handler);
  }

  request(
    to: Hotkey,
    message: Message,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<Message> {
    return new Promise((resolve, reject) => {
      const clear = this.#network.clock().after(options.timeoutMs, () => reject(gone(to)));
      const answer = (settle: () => void) => {
        clear();
        settle();
      };
      options.signal?.addEventListener("abort", () => answer(() => reject(options.signal!.reason)));
      const isTaken = this.#network.carry(this.self, to, message, (node, arrived) => {
        const handler = node.#requestHandlers.get(arrived.type);
        if (!handler) return;
        handler(this.self, arrived).then(
          (reply) => this.#network.carry(to, this.self, reply, (_, back) => answer(() => resolve(back))),
          (error) => this.#network.carry(to, this.self, arrived, () => answer(() => reject(error))),
        );
      });
      if (!isTaken) answer(() => reject(gone(to)));
    });
  }

  onRequest(type: string, handler: (from: Hotkey, message: Message) => Promise<Message>): () => void {
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

  #receive(from: Hotkey, message: Message): void {
    this.#receivedBytes += message.body?.byteLength ?? 0;
    const handler = this.#messageHandlers.get(message.type);
    if (!handler) return;
    const read = async () => {
      try {
        await handler(from, message);
      } catch (error) {
        if (isSkeinError(error)) this.penalise(from, error.code);
        else this.#network.failures.push(error);
      }
    };
    this.#reading.set(from, (this.#reading.get(from) ?? Promise.resolve()).then(read));
  }
}

const linkKey = (a: Hotkey, b: Hotkey) => a < b ? `${a}|${b}` : `${b}|${a}`;
const gone = (peer: Hotkey) => new SkeinError("sim/peer-gone", `send to ${peer}: not connected`);

/**
 * Links of a bandwidth: each member has one uplink and one downlink that all its messages share, first come, first served, and
 * each pair a latency of its own with some jitter. A message is on the way from its first byte to its last: the downlink
 * takes it in while the uplink still sends. Messages of one member to another stay in order.
 *
 * Bytes are counted as they would be on a wire: headers by their encoded length, bulk bodies times `bulkScale` (a tensor of
 * few bytes stands for a large one), and what frames, noise, yamux, TCP and IP add.
 */
import type { Clock } from "../../src/base/clock.ts";
import { isSkeinError, SkeinError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import type { Hotkey, Message, Transport } from "../../src/base/transport.ts";

export interface ScaleNetworkOptions {
  readonly seed: number;
  /** Each way, of each member. */
  readonly bytesPerMs: number;
  readonly minLatencyMs: number;
  readonly maxLatencyMs: number;
  readonly jitterMs: number;
  readonly bulkScale: number;
}

/** Per packet of 1400 bytes: TCP and IP 40, noise 18, yamux 12; per message the frame's own fields. */
const PACKET_FACTOR = 1 + 70 / 1400;
const FRAME_BYTES = 60;
/** Arrivals are gathered to such moments, later, never earlier. */
const MOMENT_MS = 0.5;
const BULK = /^allreduce\/(chunk|partial|result|pull)\//;

/** Members by index. */
export type Alter = (from: number, to: number, message: Message) => Message | undefined;

type MessageHandler = Parameters<Transport["onMessage"]>[1];
type RequestHandler = Parameters<Transport["onRequest"]>[1];

export interface MemberTraffic {
  sentBytes: number;
  receivedBytes: number;
  sentMessages: number;
  sentBulkMessages: number;
  /** What was not bulk. */
  controlBytes: number;
  readonly bulkPeers: Set<number>;
}

/** What happens at each moment, by one timer a moment: there are millions of messages. */
class Moments {
  readonly #clock: Clock;
  readonly #tasks = new Map<number, (() => void)[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Now, when that moment is this one or past. */
  at(momentMs: number, task: () => void): void {
    const nowMs = this.#clock.monotonicMs();
    if (momentMs <= nowMs) return task();
    const tasks = this.#tasks.get(momentMs);
    if (tasks) return void tasks.push(task);
    const first = [task];
    this.#tasks.set(momentMs, first);
    this.#clock.after(momentMs - nowMs, () => {
      this.#tasks.delete(momentMs);
      for (const due of first) due();
    });
  }
}

class Node {
  readonly traffic: MemberTraffic = {
    sentBytes: 0,
    receivedBytes: 0,
    sentMessages: 0,
    sentBulkMessages: 0,
    controlBytes: 0,
    bulkPeers: new Set(),
  };
  isUp = true;
  upFreeMs = 0;
  downFreeMs = 0;
  /** By receiver: when the last message to it arrives. */
  readonly arrivesMs: Float64Array;
  readonly messageHandlers = new Map<string, MessageHandler>();
  readonly requestHandlers = new Map<string, RequestHandler>();
  readonly peerHandlers = new Set<(peer: Hotkey, isUp: boolean) => void>();
  /** Handlers at work, by sender. */
  readonly reading = new Map<number, Promise<void>>();

  constructor(count: number) {
    this.arrivesMs = new Float64Array(count);
  }
}

export class ScaleNetwork {
  readonly failures: unknown[] = [];
  readonly offences = new Map<string, number>();
  /** What becomes of a message on its way: another, or nothing. */
  alter: Alter = (_from, _to, message) => message;
  readonly #options: ScaleNetworkOptions;
  readonly #clock: Clock;
  readonly #hotkeys: readonly Hotkey[];
  readonly #indexes = new Map<Hotkey, number>();
  readonly #nodes: readonly Node[];
  readonly #random: Random;
  readonly #moments: Moments;

  constructor(hotkeys: readonly Hotkey[], clock: Clock, options: ScaleNetworkOptions) {
    this.#options = options;
    this.#clock = clock;
    this.#hotkeys = hotkeys;
    hotkeys.forEach((hotkey, i) => this.#indexes.set(hotkey, i));
    this.#nodes = hotkeys.map(() => new Node(hotkeys.length));
    this.#random = new Random(options.seed);
    this.#moments = new Moments(clock);
  }

  get traffic(): readonly MemberTraffic[] {
    return this.#nodes.map((node) => node.traffic);
  }

  transport(at: number): Transport {
    const node = this.#nodes[at];
    const subscribe = <K, V>(map: Map<K, V>, key: K, handler: V) => {
      map.set(key, handler);
      return () => map.delete(key);
    };
    return {
      self: this.#hotkeys[at],
      connected: () => this.#hotkeys.filter((_, i) => i !== at && this.#nodes[i].isUp),
      send: (to, message, signal) => this.#send(at, to, message, signal),
      onMessage: (type, handler) => subscribe(node.messageHandlers, type, handler),
      onRequest: (type, handler) => subscribe(node.requestHandlers, type, handler),
      onPeer: (handler) => {
        node.peerHandlers.add(handler);
        return () => node.peerHandlers.delete(handler);
      },
      request: (to, message, options) => this.#request(at, to, message, options),
      traffic: () => ({ sentBytes: node.traffic.sentBytes, receivedBytes: node.traffic.receivedBytes }),
      penalise: (_, code) => this.#penalise(code),
      offences: () => ({}),
    };
  }

  /** It is gone, with all that it had not sent; the others notice a little later. */
  kill(at: number, noticeMs: number): void {
    this.#nodes[at].isUp = false;
    this.#clock.after(noticeMs, () => {
      for (const node of this.#nodes) {
        if (node.isUp) { for (const handler of node.peerHandlers) handler(this.#hotkeys[at], false); }
      }
    });
  }

  async #send(from: number, to: Hotkey, message: Message, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const receiver = this.#indexes.get(to) ?? -1;
    if (!this.#nodes[from].isUp || !this.#nodes[receiver]?.isUp) throw gone(to);
    // The body may be made when it is asked for: once.
    const made = { type: message.type, header: message.header, body: message.body };
    const sent = this.alter(from, receiver, made);
    if (sent) this.#carry(from, receiver, sent, () => this.#receive(receiver, from, sent));
  }

  #request(
    from: number,
    to: Hotkey,
    message: Message,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<Message> {
    const receiver = this.#indexes.get(to) ?? -1;
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    if (!this.#nodes[receiver]?.isUp) reject(gone(to));
    const cancel = this.#clock.after(timeoutMs, () => reject(gone(to)));
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    this.#carry(from, receiver, message, () => {
      const handler = this.#nodes[receiver].requestHandlers.get(message.type);
      handler?.(this.#hotkeys[from], message).then(
        (reply) => this.#carry(receiver, from, { ...reply, type: message.type }, () => resolve(reply)),
        (error) => this.#carry(receiver, from, message, () => reject(error)),
      );
    });
    return promise.finally(cancel);
  }

  #carry(from: number, to: number, message: Message, deliver: () => void): void {
    const [sender, receiver] = [this.#nodes[from], this.#nodes[to]];
    const { bytesPerMs } = this.#options;
    const isBulk = BULK.test(message.type);
    const bytes = this.#wireBytes(message, isBulk);
    this.#count(sender.traffic, to, bytes, isBulk);
    const startMs = Math.max(this.#clock.monotonicMs(), sender.upFreeMs);
    sender.upFreeMs = startMs + bytes / bytesPerMs;
    const latencyMs = this.#latencyMs(from, to) + this.#random.nextFloat() * this.#options.jitterMs;
    const lastByteMs = sender.upFreeMs + latencyMs;
    const arrive = () => {
      receiver.traffic.receivedBytes += bytes;
      if (receiver.isUp && sender.isUp) deliver();
    };
    const take = () => {
      const takenMs = Math.max(this.#clock.monotonicMs(), receiver.downFreeMs) + bytes / bytesPerMs;
      receiver.downFreeMs = takenMs;
      const atMs = toMoment(Math.max(takenMs, lastByteMs, sender.arrivesMs[to]));
      sender.arrivesMs[to] = atMs;
      this.#moments.at(atMs, arrive);
    };
    this.#moments.at(toMoment(startMs + latencyMs), take);
  }

  #count(traffic: MemberTraffic, to: number, bytes: number, isBulk: boolean): void {
    traffic.sentBytes += bytes;
    traffic.sentMessages++;
    if (isBulk) {
      traffic.sentBulkMessages++;
      traffic.bulkPeers.add(to);
    } else traffic.controlBytes += bytes;
  }

  #wireBytes({ type, header, body }: Message, isBulk: boolean): number {
    const bodyBytes = (body?.byteLength ?? 0) * (isBulk ? this.#options.bulkScale : 1);
    return PACKET_FACTOR * (FRAME_BYTES + headerBytes(type, header, isBulk) + bodyBytes);
  }

  /** The same both ways. */
  #latencyMs(a: number, b: number): number {
    const { seed, minLatencyMs, maxLatencyMs } = this.#options;
    const pair = Math.imul(Math.min(a, b) + 1, 0x9e3779b1) ^ Math.imul(Math.max(a, b) + 1, 0x85ebca6b) ^ seed;
    const share = (Math.imul(pair ^ (pair >>> 15), 0x2c1b3c6d) >>> 0) / 2 ** 32;
    return minLatencyMs + share * (maxLatencyMs - minLatencyMs);
  }

  #receive(at: number, from: number, message: Message): void {
    const node = this.#nodes[at];
    const handler = node.messageHandlers.get(message.type);
    if (!handler) return;
    // Only what handles bodies waits for anything.
    if (!message.body) return void this.#read(handler, this.#hotkeys[from], message);
    const earlier = node.reading.get(from);
    const read = () => this.#read(handler, this.#hotkeys[from], message);
    const reading = earlier ? earlier.then(read) : read();
    if (!reading) return;
    node.reading.set(from, reading);
    reading.then(() => node.reading.get(from) === reading && node.reading.delete(from));
  }

  #read(handler: MessageHandler, from: Hotkey, message: Message): Promise<void> | undefined {
    try {
      const task = handler(from, message);
      return task?.catch((error) => this.#failed(error));
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  #failed(error: unknown): void {
    if (isSkeinError(error)) this.#penalise(error.code);
    else this.failures.push(error);
  }

  #penalise(code: string): void {
    this.offences.set(code, (this.offences.get(code) ?? 0) + 1);
  }
}

/** Of messages of one kind of bulk all headers are as long; of others each is measured, once. */
const measured = new WeakMap<object, number>();
const measuredBulk = new Map<string, number>();

function headerBytes(type: string, header: Message["header"], isBulk: boolean): number {
  let bytes = isBulk ? measuredBulk.get(type) : measured.get(header);
  if (bytes !== undefined) return bytes;
  bytes = type.length + JSON.stringify(header).length;
  if (isBulk) measuredBulk.set(type, bytes);
  else measured.set(header, bytes);
  return bytes;
}

const toMoment = (ms: number): number => Math.ceil(ms / MOMENT_MS) * MOMENT_MS;

const gone = (peer: Hotkey) => new SkeinError("sim/peer-gone", `send to ${peer}: not connected`);

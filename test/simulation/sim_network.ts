/**
 * Links between simulated nodes over virtual time. Each direction of a link is ordered, as TCP is, with a delay of its own, so
 * that messages of different peers overtake each other but those of one do not. Conditions make a direction worse for a
 * while: loss is a delay by retransmission, a block holds messages back until it is lifted or a side gives up.
 *
 * A session is what two nodes share while connected. Each side has its own view of it and may notice its end later than
 * the other; whatever was in flight is lost with the session.
 */
import type { Clock } from "../../src/base/clock.ts";
import { Random } from "../../src/base/random.ts";
import type { Hotkey, Message } from "../../src/base/transport.ts";
import { SimTransport } from "./sim_transport.ts";

/** Makes one direction worse. Rates are per message. */
export interface Condition {
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  readonly bytesPerMs?: number;
  readonly lossRate?: number;
  readonly duplicateRate?: number;
}

export type Deliver = (receiver: SimTransport, message: Message) => void;

interface Direction {
  readonly random: Random;
  readonly baseMs: number;
  readonly conditions: Set<Condition>;
  blockCount: number;
  held: { message: Message; deliver: Deliver }[];
  sentUntilMs: number;
  arrivedUntilMs: number;
  /** Does the sending side believe in the session? */
  isOpen: boolean;
}

/** Headers, frames, encryption. */
const OVERHEAD_BYTES = 300;
const FIRST_RETRANSMISSION_MS = 200;
const LONGEST_DUPLICATE_DELAY_MS = 3000;

export class SimNetwork {
  readonly failures: unknown[] = [];
  messageCount = 0;
  onSend: (from: Hotkey, to: Hotkey, message: Message) => void = () => {};
  readonly #clock: Clock;
  readonly #seed: number;
  readonly #indexes = new Map<Hotkey, number>();
  readonly #hotkeys: readonly Hotkey[];
  readonly #nodes: (SimTransport | undefined)[];
  readonly #directions: Direction[];
  /** Per unordered pair, under its smaller key. */
  readonly #sessions: Int32Array;

  constructor(hotkeys: readonly Hotkey[], clock: Clock, seed: number) {
    this.#clock = clock;
    this.#seed = seed;
    this.#hotkeys = hotkeys;
    hotkeys.forEach((hotkey, i) => this.#indexes.set(hotkey, i));
    this.#nodes = hotkeys.map(() => undefined);
    this.#directions = new Array(hotkeys.length ** 2);
    this.#sessions = new Int32Array(hotkeys.length ** 2);
  }

  clock = (): Clock => this.#clock;

  /** A node comes up: it opens a session with everybody it can reach. */
  join(hotkey: Hotkey): SimTransport {
    const at = this.#indexes.get(hotkey)!;
    const transport = new SimTransport(hotkey, this);
    this.#nodes[at] = transport;
    return transport;
  }

  /** After the node has subscribed. */
  openAll(hotkey: Hotkey): void {
    const at = this.#indexes.get(hotkey)!;
    for (let peer = 0; peer < this.#hotkeys.length; peer++) this.#open(at, peer);
  }

  /** A node dies: what it had in flight is lost, and each peer notices after `noticeMs`. */
  leave(hotkey: Hotkey, noticeMs = 0): void {
    const at = this.#indexes.get(hotkey)!;
    this.#nodes[at] = undefined;
    for (let peer = 0; peer < this.#hotkeys.length; peer++) {
      if (peer === at) continue;
      this.#end(at, peer);
      this.#direction(at, peer).isOpen = false;
      const session = this.#session(at, peer);
      const notice = () => {
        if (this.#session(at, peer) === session) this.#closeView(peer, at);
      };
      if (noticeMs === 0) notice();
      else this.#clock.after(noticeMs, notice);
    }
  }

  condition(from: Hotkey, to: Hotkey): Set<Condition> {
    return this.#direction(this.#indexes.get(from)!, this.#indexes.get(to)!).conditions;
  }

  /** Holds back what `from` sends to `to`. Blocks add up. */
  block(from: Hotkey, to: Hotkey): void {
    this.#direction(this.#indexes.get(from)!, this.#indexes.get(to)!).blockCount++;
  }

  /** Lifts one block: what was held arrives, or a broken session is opened again. */
  unblock(from: Hotkey, to: Hotkey): void {
    const [a, b] = [this.#indexes.get(from)!, this.#indexes.get(to)!];
    const direction = this.#direction(a, b);
    direction.blockCount = Math.max(0, direction.blockCount - 1);
    if (direction.blockCount > 0) return;
    if (!direction.isOpen || !this.#direction(b, a).isOpen) return this.#open(a, b);
    for (const { message, deliver } of direction.held.splice(0)) this.#schedule(a, b, message, deliver);
  }

  /** `from` gives up on `to`: its view of the session ends, and with it the session. */
  giveUp(from: Hotkey, to: Hotkey): void {
    const [a, b] = [this.#indexes.get(from)!, this.#indexes.get(to)!];
    if (!this.#direction(a, b).isOpen) return;
    this.#end(a, b);
    this.#closeView(a, b);
  }

  /** Both give up, and try again at once. */
  reset(a: Hotkey, b: Hotkey): void {
    this.giveUp(a, b);
    this.giveUp(b, a);
    this.#open(this.#indexes.get(a)!, this.#indexes.get(b)!);
  }

  /** Everything is good again. */
  heal(): void {
    for (let a = 0; a < this.#hotkeys.length; a++) {
      for (let b = 0; b < this.#hotkeys.length; b++) {
        if (a === b) continue;
        this.#direction(a, b).conditions.clear();
        this.#direction(a, b).blockCount = Math.min(1, this.#direction(a, b).blockCount);
        this.unblock(this.#hotkeys[a], this.#hotkeys[b]);
      }
    }
  }

  peersOf(hotkey: Hotkey): Hotkey[] {
    const at = this.#indexes.get(hotkey)!;
    return this.#hotkeys.filter((_, peer) => peer !== at && this.#direction(at, peer).isOpen);
  }

  isLinked(a: Hotkey, b: Hotkey): boolean {
    return this.#isWhole(this.#indexes.get(a)!, this.#indexes.get(b)!);
  }

  /** Calls `deliver` at the receiver unless the session ends first. @returns whether the sender saw a session */
  carry(sender: SimTransport, to: Hotkey, message: Message, deliver: Deliver): boolean {
    const [a, b] = [this.#indexes.get(sender.self)!, this.#indexes.get(to) ?? -1];
    if (b < 0 || a === b || this.#nodes[a] !== sender) return false;
    const direction = this.#direction(a, b);
    if (!direction.isOpen) return false;
    this.messageCount++;
    this.onSend(sender.self, to, message);
    if (!this.#direction(b, a).isOpen) return true;
    if (direction.blockCount > 0) direction.held.push({ message, deliver });
    else this.#schedule(a, b, message, deliver);
    return true;
  }

  #schedule(a: number, b: number, message: Message, deliver: Deliver): void {
    const direction = this.#direction(a, b);
    const nowMs = this.#clock.monotonicMs();
    const { delayMs, sentAtMs, isTwice } = this.#fate(direction, message, nowMs);
    const atMs = Math.ceil(Math.max(sentAtMs + delayMs, direction.arrivedUntilMs));
    direction.sentUntilMs = sentAtMs;
    direction.arrivedUntilMs = atMs;
    const session = this.#session(a, b);
    const arrive = () => {
      const receiver = this.#nodes[b];
      if (receiver && this.#session(a, b) === session) deliver(receiver, message);
    };
    this.#clock.after(atMs - nowMs, arrive);
    if (isTwice) {
      this.#clock.after(atMs - nowMs + direction.random.nextBelow(LONGEST_DUPLICATE_DELAY_MS), arrive);
    }
  }

  #fate(direction: Direction, message: Message, nowMs: number) {
    const { random } = direction;
    let delayMs = direction.baseMs + random.nextBelow(8);
    let sentAtMs = nowMs;
    let isTwice = false;
    for (const condition of direction.conditions) {
      delayMs += condition.latencyMs ?? 0;
      if (condition.jitterMs) delayMs += random.nextBelow(condition.jitterMs);
      if (condition.bytesPerMs) {
        const bytes = OVERHEAD_BYTES + (message.body?.byteLength ?? 0);
        sentAtMs = Math.max(sentAtMs, direction.sentUntilMs) + bytes / condition.bytesPerMs;
      }
      if (condition.lossRate) {
        for (let wait = FIRST_RETRANSMISSION_MS; wait < 5000; wait *= 2) {
          if (random.nextFloat() >= condition.lossRate) break;
          delayMs += wait;
        }
      }
      if (condition.duplicateRate) isTwice ||= random.nextFloat() < condition.duplicateRate;
    }
    return { delayMs, sentAtMs, isTwice };
  }

  #direction(a: number, b: number): Direction {
    const key = a * this.#hotkeys.length + b;
    return this.#directions[key] ??= this.#newDirection(key);
  }

  #newDirection(key: number): Direction {
    const random = new Random((this.#seed ^ Math.imul(key + 1, 0x9e3779b1)) >>> 0);
    const baseMs = 5 + random.nextBelow(35);
    return {
      random,
      baseMs,
      conditions: new Set(),
      blockCount: 0,
      held: [],
      sentUntilMs: 0,
      arrivedUntilMs: 0,
      isOpen: false,
    };
  }

  #session(a: number, b: number): number {
    return this.#sessions[Math.min(a, b) * this.#hotkeys.length + Math.max(a, b)];
  }

  #isWhole(a: number, b: number): boolean {
    return this.#direction(a, b).isOpen && this.#direction(b, a).isOpen;
  }

  #open(a: number, b: number): void {
    if (a === b || !this.#nodes[a] || !this.#nodes[b] || this.#isWhole(a, b)) return;
    if (this.#direction(a, b).blockCount > 0 || this.#direction(b, a).blockCount > 0) return;
    this.#closeView(a, b);
    this.#closeView(b, a);
    this.#end(a, b);
    this.#direction(a, b).isOpen = true;
    this.#direction(b, a).isOpen = true;
    this.#nodes[a]!.peerChanged(this.#hotkeys[b], true);
    this.#nodes[b]?.peerChanged(this.#hotkeys[a], true);
  }

  /** What is in flight or held back belongs to the past. */
  #end(a: number, b: number): void {
    this.#sessions[Math.min(a, b) * this.#hotkeys.length + Math.max(a, b)]++;
    for (const direction of [this.#direction(a, b), this.#direction(b, a)]) {
      direction.held = [];
      direction.arrivedUntilMs = 0;
      direction.sentUntilMs = 0;
    }
  }

  #closeView(a: number, b: number): void {
    const direction = this.#direction(a, b);
    if (!direction.isOpen) return;
    direction.isOpen = false;
    this.#nodes[a]?.peerChanged(this.#hotkeys[b], false);
  }
}

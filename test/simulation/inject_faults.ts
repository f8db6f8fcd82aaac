/** Turns the occurrences of an episode into events on its network, clocks, chain and nodes; `heal` ends them all. */
import { Random } from "../../src/base/random.ts";
import type { Hotkey } from "../../src/base/transport.ts";
import { CarriedScript } from "./carried_script.ts";
import type { ChainHeight } from "./chain_height.ts";
import { describeOccurrence, type Occurrence } from "./faults.ts";
import type { Condition, SimNetwork } from "./sim_network.ts";
import type { SimNode, SimSwarm } from "./sim_swarm.ts";
import type { VirtualClock } from "./virtual_clock.ts";

export interface World {
  readonly clock: VirtualClock;
  readonly network: SimNetwork;
  readonly chain: ChainHeight;
  readonly swarm: SimSwarm;
  trace?(text: string): void;
}

interface Trigger {
  readonly messageKind: string;
  fire(): void;
}

/** Between the message that a fault waited for and the fault: some receivers have it, some may not. */
const TRIGGER_DELAY_MS = 70;

export class FaultInjector {
  #world: World;
  #isHealed = false;
  #triggers = new Map<Hotkey, Set<Trigger>>();
  #scripts = new Set<CarriedScript>();

  constructor(world: World) {
    this.#world = world;
    world.network.onSend = (from, _to, message) => {
      for (const script of this.#scripts) script.onSend(from, message);
      const triggers = this.#triggers.get(from);
      if (!triggers) return;
      const kind = message.type.split("/")[1];
      for (const trigger of [...triggers]) if (trigger.messageKind === kind) trigger.fire();
    };
  }

  arm(occurrences: readonly Occurrence[]): void {
    for (const o of occurrences) if (!o.behaviour) this.#world.clock.after(o.atMs, () => this.#armOne(o));
  }

  /** Begins now or when its trigger fires, and ends at its time. */
  #armOne(o: Occurrence): void {
    const { clock, trace, swarm } = this.#world;
    if (this.#isHealed) return;
    const random = new Random(o.seed);
    let end = () => {};
    let isOver = false;
    const begin = () => {
      if (this.#isHealed || isOver) return;
      trace?.(`fault ${describeOccurrence(o)}`);
      end = this.#begin(o, random);
    };
    if (!o.trigger) begin();
    else {
      const { hotkey } = swarm.nodes[o.members[0]];
      const triggers = this.#triggers.get(hotkey) ?? new Set();
      const trigger: Trigger = {
        messageKind: o.trigger,
        fire: () => {
          triggers.delete(trigger);
          clock.after(random.nextBelow(TRIGGER_DELAY_MS), begin);
        },
      };
      this.#triggers.set(hotkey, triggers.add(trigger));
    }
    clock.after(o.untilMs - o.atMs, () => {
      isOver = true;
      if (!this.#isHealed) end();
    });
  }

  heal(): void {
    const { network, chain, swarm } = this.#world;
    this.#isHealed = true;
    this.#triggers.clear();
    for (const script of this.#scripts) script.end();
    this.#scripts.clear();
    chain.heal();
    network.heal();
    for (const node of swarm.nodes) {
      node.clock.setRate(1);
      swarm.start(node);
    }
    this.#world.trace?.("healed");
  }

  /** @returns how it ends */
  #begin(o: Occurrence, random: Random): () => void {
    const { swarm, chain } = this.#world;
    const nodes = o.members.map((i) => swarm.nodes[i]);
    switch (o.kind) {
      case "crash":
        return this.#crash(o, nodes);
      case "partition":
        return o.script ? this.#follow(nodes) : this.#partition(o, nodes, random);
      case "silent":
        return this.#silence(nodes, random);
      case "skew":
        for (const node of nodes) node.clock.setRate(0.75 + random.nextBelow(60) / 100);
        return () => nodes.forEach((node) => node.clock.setRate(1));
      case "stall":
        if (nodes.length === 0) {
          chain.stall();
          return () => chain.resume();
        }
        for (const node of nodes) chain.setLag(node.hotkey, 1 + random.nextBelow(5));
        return () => nodes.forEach((node) => chain.setLag(node.hotkey, 0));
      default:
        return this.#worsen(o, nodes, random);
    }
  }

  #crash({ noticeMs }: Occurrence, nodes: readonly SimNode[]): () => void {
    const { swarm } = this.#world;
    for (const node of nodes) swarm.crash(node, noticeMs);
    return () => nodes.forEach((node) => swarm.start(node));
  }

  #follow(nodes: readonly SimNode[]): () => void {
    const script = new CarriedScript(nodes, this.#world);
    this.#scripts.add(script);
    return () => {
      this.#scripts.delete(script);
      script.end();
    };
  }

  /** Holds back what crosses; sooner or later one side or both give the session up. */
  #partition(o: Occurrence, side: readonly SimNode[], random: Random): () => void {
    const { network, clock, swarm } = this.#world;
    const others = swarm.nodes.filter((node) => !side.includes(node));
    const blocked: [Hotkey, Hotkey][] = [];
    let isOver = false;
    for (const { hotkey: a } of side) {
      for (const { hotkey: b } of others) {
        if (o.cuts !== "in") blocked.push([a, b]);
        if (o.cuts !== "out") blocked.push([b, a]);
        for (const [one, other] of [[a, b], [b, a]]) {
          const waitMs = o.noticeMs ? random.nextBelow(2 * o.noticeMs) : 0;
          clock.after(waitMs, () => {
            if (!isOver && !this.#isHealed) network.giveUp(one, other);
          });
        }
      }
    }
    for (const [from, to] of blocked) network.block(from, to);
    return () => {
      isOver = true;
      for (const [from, to] of blocked) network.unblock(from, to);
    };
  }

  /** Connected, but nothing comes; in the end everything at once, or the connections break. */
  #silence(nodes: readonly SimNode[], random: Random): () => void {
    const { network, swarm } = this.#world;
    const isReset = random.nextBelow(2) === 0;
    const pairs = nodes.flatMap(({ hotkey }) =>
      swarm.nodes.filter((peer) => peer.hotkey !== hotkey).map((peer) => [hotkey, peer.hotkey] as const)
    );
    for (const [from, to] of pairs) network.block(from, to);
    return () => {
      for (const [from, to] of pairs) {
        if (isReset) network.giveUp(from, to);
        network.unblock(from, to);
      }
    };
  }

  #worsen(o: Occurrence, nodes: readonly SimNode[], random: Random): () => void {
    const { network, swarm } = this.#world;
    const added: [Set<Condition>, Condition][] = [];
    for (const { hotkey } of nodes) {
      for (const peer of swarm.nodes) {
        if (peer.hotkey === hotkey) continue;
        for (const [from, to] of [[hotkey, peer.hotkey], [peer.hotkey, hotkey]]) {
          const condition = conditionOf(o.kind, random, from === hotkey);
          if (!condition) continue;
          const conditions = network.condition(from, to).add(condition);
          added.push([conditions, condition]);
        }
      }
    }
    return () => {
      for (const [conditions, condition] of added) conditions.delete(condition);
    };
  }
}

function conditionOf(kind: Occurrence["kind"], random: Random, isOutward: boolean): Condition | undefined {
  switch (kind) {
    case "bandwidth":
      return { bytesPerMs: 1 + random.nextBelow(100) };
    case "latency":
      return { latencyMs: random.nextBelow(600) };
    case "jitter":
      return { jitterMs: 1 + random.nextBelow(500) };
    case "loss":
      return { lossRate: random.nextBelow(30) / 100 };
    // Each link has its own order already; long and short delays beside each other mix the orders of different links.
    case "reorder":
      return random.nextBelow(2) === 0
        ? { latencyMs: 200 + random.nextBelow(800), jitterMs: 400 }
        : undefined;
    case "duplication":
      return { duplicateRate: random.nextBelow(50) / 100 };
    case "slow":
      return isOutward
        ? { latencyMs: 300 + random.nextBelow(1500), bytesPerMs: 1 + random.nextBelow(5) }
        : undefined;
    default:
      return undefined;
  }
}

/**
 * Hostile members: honest all-reduces in hostile hands. Their messages pass through lies (hostile_lies.ts), two of them may
 * run under one key before two audiences (twins: whatever an honest member does, it then does twice and differently), and
 * now and then they send what no honest member would.
 */
import { Random } from "../../src/base/random.ts";
import type { Hotkey, Message, Transport } from "../../src/base/transport.ts";
import type { ChainHeight } from "./chain_height.ts";
import type { Episode } from "./draw_episode.ts";
import { Forger, kindOf, openMessage } from "./hostile_forgery.ts";
import { tell } from "./hostile_lies.ts";
import { HostileHalf, HostileLine } from "./hostile_transport.ts";
import type { SimNode, SimSwarm } from "./sim_swarm.ts";
import type { VirtualClock } from "./virtual_clock.ts";

interface CoalitionDeps {
  readonly clock: VirtualClock;
  readonly chain: ChainHeight;
  readonly hotkeys: readonly Hotkey[];
  readonly hostile: ReadonlySet<Hotkey>;
}

const FAR_BLOCKS = 1e9;
const MAX_REMEMBERED = 20;

export class HostileCoalition {
  #episode: Episode;
  #deps: CoalitionDeps;

  constructor(episode: Episode, deps: CoalitionDeps) {
    this.#episode = episode;
    this.#deps = deps;
  }

  /** @returns how to stop it */
  start(swarm: SimSwarm, node: SimNode, transport: Transport): () => void {
    const own = this.#episode.occurrences.filter((o) => o.behaviour && o.members[0] === node.index);
    const names = own.map((o) => o.behaviour!);
    const random = new Random(own.reduce((seed, o) => (seed ^ o.seed) >>> 0, node.index + 1));
    return new HostileMember(swarm, node, transport, names, random, this.#deps).run();
  }
}

class HostileMember {
  #swarm: SimSwarm;
  #node: SimNode;
  #names: readonly string[];
  #random: Random;
  #deps: CoalitionDeps;
  #line: HostileLine;
  #forger: Forger;
  /** Peers that are told the other story. */
  #others: Set<Hotkey>;
  #remembered: Message[] = [];
  #isStopped = false;

  constructor(
    swarm: SimSwarm,
    node: SimNode,
    transport: Transport,
    names: readonly string[],
    random: Random,
    deps: CoalitionDeps,
  ) {
    this.#swarm = swarm;
    this.#node = node;
    this.#names = names;
    this.#random = random;
    this.#deps = deps;
    this.#line = new HostileLine(transport);
    const accomplices = [...deps.hostile].filter((hotkey) => hotkey !== node.hotkey);
    this.#forger = new Forger(node.hotkey, accomplices, random);
    this.#others = new Set(deps.hotkeys.filter(() => random.nextBelow(2) === 0));
  }

  run(): () => void {
    const count = this.#has("twins") ? 2 : 1;
    const halves = Array.from({ length: count }, (_, which) =>
      new HostileHalf(
        this.#line,
        this.#side(which, count),
        (to, message) => this.#tell(to, message),
        (message) => this.#see(message),
      ));
    const stops = halves.map((half, which) => this.#participate(half, which));
    if (count === 2) {
      this.#every(4000, () => halves.forEach((half, which) => half.setSide(this.#side(which, 2))));
    }
    if (this.#has("future-certificates") || this.#has("lonely-certificates")) {
      this.#every(1500, () => this.#sendCertificate());
    }
    if (this.#has("replays")) this.#every(500, () => this.#replay());
    return () => {
      this.#isStopped = true;
      for (const stop of stops) stop();
    };
  }

  #has = (name: string): boolean => this.#names.includes(name);

  #participate(half: HostileHalf, which: number): () => void {
    // Within what the run allows, or beyond it.
    const hugeSamples = this.#random.nextBelow(2) === 0 ? 1000 : 2 ** 40;
    const isHuge = this.#has("huge-offers");
    return this.#swarm.participate(
      this.#node,
      half,
      which === 0 ? this.#node.disk : this.#swarm.emptyDisk(),
      {
        samples: isHuge ? hugeSamples : 1 + which,
        bandwidthBytesPerSec: isHuge ? 1e12 : undefined,
        value: this.#has("huge-values") ? 3e38 : -7 - which,
        block: this.#has("future-blocks") ? () => FAR_BLOCKS : undefined,
      },
    );
  }

  /** Accomplices are on every side; each honest peer on one, or now and then on both. */
  #side(which: number, count: number): ReadonlySet<Hotkey> {
    if (count === 1) return new Set(this.#deps.hotkeys);
    return new Set(this.#deps.hotkeys.filter((hotkey) => {
      const isOnBoth = this.#deps.hostile.has(hotkey) || this.#random.nextBelow(6) === 0;
      return isOnBoth || this.#others.has(hotkey) === (which === 1);
    }));
  }

  #tell(to: Hotkey, message: Message): readonly Message[] {
    return tell(this.#forger, this.#names, message, this.#others.has(to));
  }

  #see(message: Message): void {
    this.#forger.see(openMessage(message));
    const kind = kindOf(message);
    if (!this.#has("replays") || kind === "chunk" || kind === "result" || kind === "pull") return;
    this.#remembered.push(message);
    if (this.#remembered.length > MAX_REMEMBERED) {
      this.#remembered.splice(this.#random.nextBelow(MAX_REMEMBERED), 1);
    }
  }

  #sendCertificate(): void {
    const step = this.#forger.lastReady?.outerStep ?? 1;
    const isFuture = this.#has("future-certificates") &&
      (!this.#has("lonely-certificates") || this.#forger.isOneIn(2));
    const outerStep = isFuture ? step + 1 + this.#random.nextBelow(this.#forger.isOneIn(2) ? 3 : 1000) : step;
    const blocks = [this.#deps.chain.at(this.#node.hotkey), FAR_BLOCKS];
    const message = this.#forger.certificate(outerStep, blocks[this.#random.nextBelow(2)]);
    if (message) this.#broadcast(message);
  }

  #replay(): void {
    if (this.#remembered.length === 0) return;
    this.#broadcast(this.#remembered[this.#random.nextBelow(this.#remembered.length)]);
  }

  #broadcast(message: Message): void {
    for (const peer of this.#line.inner.connected()) this.#line.inner.send(peer, message).catch(() => {});
  }

  #every(ms: number, act: () => void): void {
    const wait = () =>
      this.#deps.clock.after(ms / 2 + this.#random.nextBelow(ms), () => {
        if (this.#isStopped) return;
        act();
        wait();
      });
    wait();
  }
}

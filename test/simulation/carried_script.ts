/**
 * A partition with a plan, which chance would take long to find: among the members [a, b, c, d], step s's result is made by a, b
 * and c, and certified twice: in the attempt of all three, which c holds, and carried by an attempt of a and b alone, which
 * a holds. Then b and c are parted from a and d. Whoever counts continuity by the ballot's members instead of the
 * origin's lets a be half of {a, b}, and both sides go on. Before it a, b and c start anew: who remembers that four were
 * a group lets no two go on (wider_group.ts).
 */
import type { SimNode } from "./sim_swarm.ts";
import type { Message } from "../../src/base/transport.ts";
import type { World } from "./inject_faults.ts";

const LOOK_MS = 10;

export class CarriedScript {
  #world: World;
  #nodes: readonly SimNode[];
  #stage: "gather" | "wait" | "cut c" | "carry" | "rejoin" | "parted" = "gather";
  #step = 0;
  #isOver = false;

  /** @param nodes a, b, c and d */
  constructor(nodes: readonly SimNode[], world: World) {
    this.#world = world;
    this.#nodes = nodes;
    world.swarm.crash(nodes[3]);
    this.#look();
  }

  /** Sees every message before it leaves. */
  onSend(from: string, message: Message): void {
    const [a, b, c] = this.#nodes;
    if (this.#isOver || message.type !== "allreduce/commit/1") return;
    const { outerStep } = message.header as { outerStep: number };
    if (this.#stage === "wait" && from === c.hotkey && this.#isSmallGroup()) {
      this.#stage = "cut c";
      this.#step = outerStep;
      this.#block(c, a);
      this.#block(c, b);
    } else if (this.#stage === "carry" && from === a.hotkey && outerStep === this.#step) {
      this.#stage = "rejoin";
      this.#block(a, b);
    }
  }

  end(): void {
    this.#isOver = true;
    this.#world.network.heal();
    this.#world.swarm.start(this.#nodes[3]);
  }

  #look(): void {
    if (this.#isOver) return;
    const [a, b, c, d] = this.#nodes;
    const { network, swarm, clock } = this.#world;
    const isPast = (node: SimNode) => node.disk.state.outerStep >= this.#step;
    if (this.#stage === "gather" && this.#isSmallGroup()) {
      this.#stage = "wait";
      for (const node of [a, b, c]) swarm.crash(node);
      for (const node of [a, b, c]) swarm.start(node);
    }
    if (this.#stage === "cut c" && isPast(c)) {
      this.#part(c, a);
      this.#part(c, b);
      this.#stage = "carry";
    } else if (this.#stage === "rejoin" && isPast(a) && !isPast(b)) {
      this.#part(a, b);
      network.unblock(c.hotkey, b.hotkey);
    } else if (this.#stage === "rejoin" && isPast(b)) {
      this.#stage = "parted";
      for (const node of [b, c]) {
        this.#block(d, node);
        this.#block(node, d);
      }
      swarm.start(d);
    }
    clock.after(LOOK_MS, () => this.#look());
  }

  /** The step before was made by a, b and c alone. */
  #isSmallGroup(): boolean {
    return this.#nodes.slice(0, 3).every(({ disk }) => disk.state.certificate?.origin.members.length === 3);
  }

  #block(from: SimNode, to: SimNode): void {
    this.#world.network.block(from.hotkey, to.hotkey);
  }

  #part(one: SimNode, other: SimNode): void {
    this.#world.network.giveUp(one.hotkey, other.hotkey);
    this.#world.network.giveUp(other.hotkey, one.hotkey);
  }
}

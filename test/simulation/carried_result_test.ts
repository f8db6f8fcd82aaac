/**
 * A schedule that chance would take long to find. Step 2's result is made by A, B and C, and reaches its certificate twice: in
 * attempt 0 of all three, which C holds, and carried by an attempt of A and B alone, which A holds. Then B and C are parted
 * from A and the newcomer D. Continuity counts the members of the certificate's origin: B and C are two of three and go
 * on, A is one of three and may not. Counted by the ballot's members, A would be half of {A, B} with the tie-breaker,
 * and both sides would commit a step 3.
 */
import assert from "node:assert/strict";
import type { Hotkey } from "../../src/base/transport.ts";
import { ChainHeight } from "./chain_height.ts";
import { SimNetwork } from "./sim_network.ts";
import { type SimNode, SimSwarm } from "./sim_swarm.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** A's hotkey is the least: the tie-breaker of {A, B}. */
const HOTKEYS = ["a", "b", "c", "d"];
const PATIENCE_MS = 60_000;

class Schedule {
  readonly clock = new VirtualClock();
  readonly network = new SimNetwork(HOTKEYS, this.clock, 1);
  readonly swarm: SimSwarm;

  constructor(isContinuityByProposal: boolean) {
    this.swarm = new SimSwarm(
      {
        hotkeys: HOTKEYS,
        elementCount: 4096,
        recoveryBlocks: 1_000_000,
        samples: [1, 2, 3, 4],
        bandwidths: [1000, 1000, 1000, 1000],
        hostile: new Set(),
        isContinuityByProposal,
      },
      { clock: this.clock, network: this.network, chain: new ChainHeight(this.clock) },
    );
  }

  node = (hotkey: Hotkey): SimNode => this.swarm.node(hotkey);
  stepOf = (hotkey: Hotkey): number => this.node(hotkey).disk.state.outerStep;

  async until(what: string, isDone: () => boolean): Promise<void> {
    const isReached = await this.clock.advance(isDone, this.clock.monotonicMs() + PATIENCE_MS);
    assert.ok(isReached, `${what} by ${this.clock.monotonicMs()} ms: steps ${HOTKEYS.map(this.stepOf)}`);
  }

  /** From the first message of `kind` that `from` sends in such an attempt on, nothing more of it arrives at `to`. */
  cutFrom(from: Hotkey, to: readonly Hotkey[], kind: string, isIt: (attempt: number) => boolean): void {
    const before = this.network.onSend;
    let isCut = false;
    this.network.onSend = (sender, receiver, message) => {
      before(sender, receiver, message);
      const { outerStep, attempt } = message.header as { outerStep?: number; attempt?: number };
      if (isCut || sender !== from || outerStep !== 2 || !isIt(attempt!)) return;
      if (message.type !== `allreduce/${kind}/1`) return;
      isCut = true;
      for (const peer of to) this.network.block(from, peer);
    };
  }

  part(a: Hotkey, b: Hotkey): void {
    this.network.giveUp(a, b);
    this.network.giveUp(b, a);
  }

  async play(): Promise<void> {
    const { network, swarm } = this;
    for (const hotkey of ["c", "b", "a"]) {
      const { disk } = this.node(hotkey);
      // D is new to them: who remembers a group of four lets no two of three go on (wider_group.ts).
      disk.state = { ...disk.state, members: ["a", "b", "c"] };
      swarm.start(this.node(hotkey));
    }
    this.cutFrom("c", ["b", "a"], "commit", (attempt) => attempt === 0);
    this.cutFrom("a", ["b"], "commit", (attempt) => attempt > 0);
    await this.until("C commits attempt 0", () => this.stepOf("c") === 2);
    this.part("c", "b");
    this.part("c", "a");
    await this.until("A commits what A and B carried", () => this.stepOf("a") === 2);
    this.part("b", "a");
    network.unblock("c", "b");
    await this.until("B hears C's certificate", () => this.stepOf("b") === 2);
    for (const [a, b] of [["c", "d"], ["b", "d"]]) {
      network.block(a, b);
      network.block(b, a);
    }
    swarm.start(this.node("d"));
    await this.until("D has A's state", () => this.stepOf("d") === 2);
  }

  heal(): void {
    this.network.onSend = () => {};
    this.network.heal();
  }

  end(): void {
    for (const node of this.swarm.nodes) this.swarm.crash(node);
    assert.deepEqual(this.network.failures, []);
  }
}

Deno.test("a result that a smaller ballot carried does not let that ballot's half go on alone", async () => {
  const schedule = new Schedule(false);
  await schedule.play();
  const { certificate } = schedule.node("a").disk.state;
  assert.deepEqual(certificate!.proposal.members.map((m) => m.hotkey).sort(), ["a", "b"]);
  assert.deepEqual(certificate!.origin.members.map((m) => m.hotkey).sort(), ["a", "b", "c"]);
  await schedule.until("B and C go on", () => schedule.stepOf("c") >= 5 && schedule.stepOf("b") >= 5);
  assert.equal(schedule.stepOf("a"), 2);
  schedule.heal();
  const goal = schedule.swarm.highestStep() + 2;
  await schedule.until("all go on", () => schedule.swarm.lowestStep() >= goal);
  assert.deepEqual(schedule.swarm.safety.violations, []);
  schedule.end();
});

Deno.test("planted: with continuity by the ballot's members both halves commit, and it is found", async () => {
  const schedule = new Schedule(true);
  await schedule.play();
  await schedule.until("a violation", () => schedule.swarm.safety.violations.length > 0);
  assert.match(schedule.swarm.safety.violations[0], /step 3: two results/);
  schedule.end();
});

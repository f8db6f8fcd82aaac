/**
 * The real all-reduce under random faults. A failure names its seed: `SKEIN_SIM_SEED=n` replays that one alone.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { Random } from "../../src/base/random.ts";
import { type Fault, FAULTS, injectFaults } from "./faults.ts";
import { SimNetwork } from "./sim_network.ts";
import { SimSwarm } from "./sim_swarm.ts";
import { VirtualClock } from "./virtual_clock.ts";

const HEAL_MS = 40_000;
const CONVERGE_MS = 240_000;
const STEPS_AFTER_HEALING = 2;
const SEED_COUNT = 200;

async function simulate(seed: number, faults: ReadonlySet<Fault>, memberCount: number) {
  const random = new Random(seed);
  const clock = new VirtualClock();
  const network = new SimNetwork(clock, random);
  const options = { elementCount: 5000, chunkElements: 1024, recoveryBlocks: 1_000_000 };
  const swarm = new SimSwarm(memberCount, options, clock, network);
  for (const node of swarm.nodes) swarm.start(node);
  injectFaults(faults, HEAL_MS, random, { clock, network, swarm });
  await clock.advance(() => false, HEAL_MS);
  const goal = swarm.highestStep() + STEPS_AFTER_HEALING;
  const isConverged = await clock.advance(
    () => swarm.lowestStep() >= goal || swarm.violations.length > 0 || network.failures.length > 0,
    HEAL_MS + CONVERGE_MS,
  );
  const steps = swarm.nodes.map((node) => node.state.outerStep);
  for (const node of swarm.nodes) swarm.crash(node);
  const replay = `seed ${seed}, ${memberCount} members, faults ${[...faults].join(" ") || "none"}`;
  assert.deepEqual(network.failures, [], replay);
  assert.deepEqual(swarm.violations, [], replay);
  assert.ok(isConverged, `no convergence to step ${goal}, steps ${steps}: ${replay}`);
  return { steps, goal, messageCount: network.messageCount };
}

function drawnFaults(seed: number): { faults: Set<Fault>; memberCount: number } {
  const random = new Random(seed ^ 0x5eed);
  return {
    faults: new Set(FAULTS.filter(() => random.nextBelow(3) === 0)),
    memberCount: 3 + random.nextBelow(4),
  };
}

Deno.test("without faults every member commits every step", async () => {
  const { steps, goal } = await simulate(1, new Set(), 4);
  assert.ok(goal > 20, `only ${goal} steps, ${steps}`);
});

Deno.test(`members agree bit for bit and converge after healing (${SEED_COUNT} seeds)`, async () => {
  const only = process.env.SKEIN_SIM_SEED;
  const seeds = only ? [Number(only)] : Array.from({ length: SEED_COUNT }, (_, i) => i + 1);
  for (const seed of seeds) {
    const { faults, memberCount } = drawnFaults(seed);
    await simulate(seed, faults, memberCount);
  }
});

Deno.test("the same seed gives the same run", async () => {
  const { faults, memberCount } = drawnFaults(7);
  assert.deepEqual(await simulate(7, faults, memberCount), await simulate(7, faults, memberCount));
});

/** Runs one episode: faults, healing, and the demand that every honest member then goes on. */
import type { ChunkReducer } from "../../src/codec/codec.ts";
import { ChainHeight } from "./chain_height.ts";
import type { Episode } from "./draw_episode.ts";
import { HostileCoalition } from "./hostile_member.ts";
import { FaultInjector } from "./inject_faults.ts";
import { SimNetwork } from "./sim_network.ts";
import { SimSwarm } from "./sim_swarm.ts";
import { VirtualClock } from "./virtual_clock.ts";

export interface EpisodeResult {
  readonly index: number;
  readonly committed: number;
  readonly aborted: number;
  readonly safetyViolations: readonly string[];
  readonly livenessFailures: readonly string[];
  readonly messageCount: number;
  readonly virtualMs: number;
  readonly trace?: readonly string[];
}

const STEPS_AFTER_HEALING = 2;
const CONVERGE_MS = 300_000;
/**
 * Continuity is waived so long after the deadline, by design at the price of safety; later than any fault phase ends, so
 * that only a healed swarm uses it.
 */
const RECOVERY_BLOCKS = 90;

export async function runEpisode(
  episode: Episode,
  options: { trace?: boolean } = {},
): Promise<EpisodeResult> {
  const { world, injector, trace } = buildWorld(episode, options.trace ?? false);
  const { clock, network, swarm } = world;
  for (const node of swarm.nodes) swarm.start(node);
  injector.arm(episode.occurrences);
  const isBroken = () => swarm.safety.violations.length > 0 || network.failures.length > 0;
  await clock.advance(isBroken, episode.faultMs);
  if (!episode.isHostileForEver) {
    for (const node of swarm.nodes.filter((n) => n.isHostile)) {
      swarm.crash(node);
      node.isHostile = false;
      node.disk = swarm.emptyDisk();
    }
  }
  injector.heal();
  const goal = swarm.highestStep() + STEPS_AFTER_HEALING;
  const healedMs = clock.monotonicMs();
  const isDone = () => isBroken() || swarm.lowestStep() >= goal;
  const isConverged = await clock.advance(isDone, healedMs + CONVERGE_MS);
  const steps = swarm.honest.map((node) => `${node.hotkey} ${node.disk.state.outerStep}`).join(", ");
  const virtualMs = clock.monotonicMs();
  for (const node of swarm.nodes) swarm.crash(node);
  return {
    index: episode.index,
    committed: swarm.committedCount,
    aborted: swarm.abortedCount,
    safetyViolations: [
      ...swarm.safety.violations,
      ...network.failures.map((error) => `a bug: ${error instanceof Error ? error.stack : error}`),
    ],
    livenessFailures: isConverged
      ? []
      : [`no convergence to step ${goal} in ${CONVERGE_MS / 1000} s after healing: ${steps}`],
    messageCount: network.messageCount,
    virtualMs,
    trace,
  };
}

function buildWorld(episode: Episode, isTraced: boolean) {
  const clock = new VirtualClock();
  const hotkeys = Array.from(
    { length: episode.memberCount },
    (_, i) => `member-${String(i).padStart(2, "0")}`,
  );
  const network = new SimNetwork(hotkeys, clock, (episode.seed ^ Math.imul(episode.index, 0x27d4eb2f)) >>> 0);
  const chain = new ChainHeight(clock);
  const lines: string[] = [];
  const trace = isTraced
    ? (text: string) => lines.push(`${(clock.monotonicMs() / 1000).toFixed(3)} ${text}`)
    : undefined;
  const hostile = new Set(episode.hostile.map((i) => hotkeys[i]));
  const coalition = new HostileCoalition(episode, { clock, hotkeys, hostile, chain });
  const swarm: SimSwarm = new SimSwarm(
    {
      hotkeys,
      elementCount: 1024 * episode.units,
      recoveryBlocks: RECOVERY_BLOCKS,
      samples: episode.samples,
      bandwidths: episode.bandwidths,
      hostile,
      isContinuityByProposal: episode.plant === "continuity-by-proposal",
      plantReducer: episode.plant === "double-count" ? doubleCount : undefined,
    },
    {
      clock,
      network,
      chain,
      startHostile: (node, transport) => coalition.start(swarm, node, transport),
      trace,
    },
  );
  const world = { clock, network, chain, swarm, trace };
  return { world, injector: new FaultInjector(world), trace: isTraced ? lines : undefined };
}

/** A planted bug: when somebody was left out, the first of the others is counted in its place. */
function doubleCount(reducer: ChunkReducer, memberCount: number): ChunkReducer {
  return {
    reduce: (inputs, elements) =>
      reducer.reduce(
        inputs.length > 1 && inputs.length < memberCount ? [inputs[0], ...inputs] : inputs,
        elements,
      ),
  };
}

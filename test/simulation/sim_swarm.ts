/**
 * A swarm of real `AllReduce`s on a simulated network: honest members as they are, hostile ones as `hostile` makes them. It
 * starts and crashes them, watches what the honest ones commit, and counts rounds.
 */
import type { Hotkey, Transport } from "../../src/base/transport.ts";
import type { ChunkReducer, Codec } from "../../src/codec/codec.ts";
import type { ChainHeight } from "./chain_height.ts";
import { fakeRoundKeys } from "./fake_signer.ts";
import { type Disk, newDisk, Participant, type RunState } from "./participant.ts";
import { periodFor, periodicCodec, PeriodicReducer } from "./periodic_codec.ts";
import { Safety } from "./safety.ts";
import type { SimNetwork } from "./sim_network.ts";
import { SkewedClock, type VirtualClock } from "./virtual_clock.ts";

export interface SwarmOptions {
  readonly hotkeys: readonly Hotkey[];
  readonly elementCount: number;
  readonly recoveryBlocks: number;
  /** By index. */
  readonly samples: readonly number[];
  readonly bandwidths: readonly number[];
  readonly hostile: ReadonlySet<Hotkey>;
  readonly isContinuityByProposal?: boolean;
  /** Wraps every reducer: a planted bug. */
  readonly plantReducer?: (reducer: ChunkReducer, memberCount: number) => ChunkReducer;
}

export interface SwarmDeps {
  readonly clock: VirtualClock;
  readonly network: SimNetwork;
  readonly chain: ChainHeight;
  /** Runs a hostile member on its transport. @returns how to stop it */
  startHostile?(node: SimNode, transport: Transport): () => void;
  trace?(text: string): void;
}

/** How a hostile member's part differs from an honest one. */
export interface ParticipantChanges {
  readonly reducer?: ChunkReducer;
  readonly samples?: number;
  readonly bandwidthBytesPerSec?: number;
  /** Of its elements. */
  readonly value?: number;
  readonly block?: () => number;
}

export class SimNode {
  readonly hotkey: Hotkey;
  readonly index: number;
  readonly clock: SkewedClock;
  disk: Disk;
  isUp = false;
  isHostile: boolean;
  stop: () => void = () => {};

  constructor(hotkey: Hotkey, index: number, clock: SkewedClock, disk: Disk, isHostile: boolean) {
    this.hotkey = hotkey;
    this.index = index;
    this.clock = clock;
    this.disk = disk;
    this.isHostile = isHostile;
  }
}

export class SimSwarm {
  readonly nodes: readonly SimNode[];
  readonly safety: Safety;
  readonly codec: Codec;
  readonly #options: SwarmOptions;
  readonly #deps: SwarmDeps;
  #committed = new Set<number>();
  /** Step → member → rounds that it saw aborted. */
  #aborted = new Map<number, Map<Hotkey, number>>();
  #abortedCount = 0;
  /** So many have begun: who restarts, or is there twice, has other round keys. */
  #participations = 0;

  constructor(options: SwarmOptions, deps: SwarmDeps) {
    const { hotkeys, hostile, samples } = options;
    this.#options = options;
    this.#deps = deps;
    this.codec = periodicCodec(periodFor(hotkeys.length));
    const sampleCounts = new Map(hotkeys.map((hotkey, i) => [hotkey, samples[i]]));
    this.safety = new Safety({ hotkeys, hostile, samplesOf: (hotkey) => sampleCounts.get(hotkey)! });
    this.nodes = hotkeys.map((hotkey, i) =>
      new SimNode(hotkey, i, new SkewedClock(deps.clock), newDisk(hotkeys), hostile.has(hotkey))
    );
  }

  get committedCount(): number {
    return this.#committed.size;
  }

  /** Aborted rounds of the swarm: for each step, what the member saw that saw most of them. */
  get abortedCount(): number {
    return this.#abortedCount;
  }

  get honest(): readonly SimNode[] {
    return this.nodes.filter((node) => !node.isHostile);
  }

  node(hotkey: Hotkey): SimNode {
    return this.nodes.find((node) => node.hotkey === hotkey)!;
  }

  emptyDisk = (): Disk => newDisk(this.#options.hotkeys);

  lowestStep = () => Math.min(...this.honest.map((node) => node.disk.state.outerStep));
  highestStep = () => Math.max(...this.honest.map((node) => node.disk.state.outerStep));

  start(node: SimNode): void {
    if (node.isUp) return;
    node.isUp = true;
    const transport = this.#deps.network.join(node.hotkey);
    this.#deps.trace?.(`${node.hotkey} is up at step ${node.disk.state.outerStep}`);
    if (node.isHostile && this.#deps.startHostile) node.stop = this.#deps.startHostile(node, transport);
    else {
      const watched = this.safety.watch(node.hotkey, this.#reducer());
      node.stop = this.participate(node, transport, node.disk, { reducer: watched });
    }
    this.#deps.network.openAll(node.hotkey);
  }

  crash(node: SimNode, noticeMs = 0): void {
    if (!node.isUp) return;
    node.isUp = false;
    this.#deps.network.leave(node.hotkey, noticeMs);
    node.stop();
    this.#deps.trace?.(`${node.hotkey} is down`);
  }

  /** An `AllReduce` for this node. A hostile one may run several, each with a transport and a disk of its own. */
  participate(
    node: SimNode,
    transport: Transport,
    disk: Disk,
    changes: ParticipantChanges = {},
  ): () => void {
    const { elementCount, recoveryBlocks, samples, bandwidths, hotkeys, isContinuityByProposal } =
      this.#options;
    const { network, chain, trace } = this.#deps;
    const { index, hotkey, isHostile } = node;
    const isIn = () => !isHostile && node.isUp && node.disk === disk;
    const participant = new Participant(
      {
        hotkey,
        elementCount,
        recoveryBlocks,
        samples: changes.samples ?? samples[index],
        bandwidthBytesPerSec: changes.bandwidthBytesPerSec ?? bandwidths[index],
        values: this.#tensor(index, changes.value ?? 1),
        isContinuityByProposal,
      },
      {
        transport,
        clock: node.clock,
        codec: this.codec,
        reducer: changes.reducer ?? new PeriodicReducer(),
        disk,
        roundKeys: this.safety.watchKeys(hotkey, fakeRoundKeys(`${hotkey} ${this.#participations++}`)),
        isMember: (other) => hotkeys.includes(other),
        block: changes.block ?? (() => chain.at(hotkey)),
        expected: () => this.nodes.filter((n) => n.isUp).map((n) => n.hotkey),
        download: () => this.#newestInReach(node),
        onCommit: (certificate, root, chunks) => {
          trace?.(
            `${hotkey} commits step ${certificate.outerStep} attempt ${certificate.attempt} of ` +
              `${certificate.proposal.members.length} result ${certificate.resultDigest.slice(0, 8)}`,
          );
          if (!isIn()) return;
          this.#committed.add(certificate.outerStep);
          this.safety.committed(hotkey, certificate, root, chunks);
        },
        onEnd: (outerStep, outcome) => {
          if (outcome.kind !== "committed") trace?.(`${hotkey} ends step ${outerStep}: ${outcome.kind}`);
          if (isIn() && outcome.kind === "aborted") this.#countAborted(outerStep, hotkey);
        },
        onBadCertificate: (error) => {
          if (isIn()) this.safety.violation(`${hotkey} holds a certificate that does not verify: ${error}`);
        },
        onBelieved: (certificate) => {
          if (!isHostile) this.safety.believed(hotkey, certificate);
        },
        trace: trace && ((text) => trace(`${hotkey} ${text}`)),
      },
    );
    participant.live().catch((error) => network.failures.push(error));
    return () => participant.crash();
  }

  #reducer(): ChunkReducer {
    const { plantReducer, hotkeys } = this.#options;
    const reducer = new PeriodicReducer();
    return plantReducer ? plantReducer(reducer, hotkeys.length) : reducer;
  }

  #tensor(index: number, value: number): Float32Array {
    const values = new Float32Array(this.#options.elementCount);
    const period = periodFor(this.#options.hotkeys.length);
    for (let at = index; at < values.length; at += period) values[at] = value;
    return values;
  }

  /** State download is another room's business: the newest state of an honest peer, which its root proves there. */
  #newestInReach(node: SimNode): RunState | undefined {
    let newest: RunState | undefined;
    for (const peer of this.nodes) {
      if (peer.isHostile || !this.#deps.network.isLinked(node.hotkey, peer.hotkey)) continue;
      if (peer.disk.state.outerStep > (newest?.outerStep ?? -1)) newest = peer.disk.state;
    }
    return newest;
  }

  #countAborted(outerStep: number, hotkey: Hotkey): void {
    const counts = this.#aborted.get(outerStep) ?? new Map<Hotkey, number>();
    this.#aborted.set(outerStep, counts);
    const before = Math.max(0, ...counts.values());
    counts.set(hotkey, (counts.get(hotkey) ?? 0) + 1);
    this.#abortedCount += Math.max(0, ...counts.values()) - before;
  }
}

/**
 * A swarm of real `AllReduce`s on a simulated network. Each node goes from step to step: contributes a constant tensor of
 * its own, applies what was committed, chains its root. The swarm checks after each commit:
 *
 *   - one result and one root for each step, bit for bit;
 *   - each chunk is the mean of some set of members, none of them twice (the constants are such that sums tell).
 */
import { concatBytes, fromHex, sha256Sync, toHex, utf8 } from "../../src/base/bytes.ts";
import { silentLog } from "../../src/base/log.ts";
import type { Hotkey } from "../../src/base/transport.ts";
import { CpuReducer } from "../../src/codec/cpu_reducer.ts";
import { f32Codec } from "../../src/codec/f32.ts";
import { AllReduce, type Certificate, decodeResult, type RoundLock } from "../../src/allreduce/allreduce.ts";
import { fakeSigner, fakeVerify } from "./fake_signer.ts";
import type { SimNetwork } from "./sim_network.ts";
import type { VirtualClock } from "./virtual_clock.ts";

export const RUN_ID = "11".repeat(32);
const GENESIS_ROOT = "22".repeat(32);
const BLOCK_MS = 1000;
const DEADLINE_BLOCKS = 4;

export interface SwarmOptions {
  readonly elementCount: number;
  readonly chunkElements: number;
  readonly recoveryBlocks: number;
}

interface State {
  readonly outerStep: number;
  readonly root: string;
  readonly members: readonly Hotkey[];
  readonly certificate?: Certificate;
}

export class SimNode {
  readonly hotkey: Hotkey;
  /** On disk: survives a crash. */
  state: State;
  lock: RoundLock | undefined;
  isUp = false;
  allReduce: AllReduce | undefined;
  stop = new AbortController();

  /** @param registered stands in for the group before the first step, so that two halves cannot both begin */
  constructor(hotkey: Hotkey, registered: readonly Hotkey[]) {
    this.hotkey = hotkey;
    this.state = { outerStep: 0, root: GENESIS_ROOT, members: registered };
  }
}

export class SimSwarm {
  readonly nodes: SimNode[];
  readonly violations: string[] = [];
  /** Values of one member, all elements alike. */
  readonly constants: ReadonlyMap<Hotkey, number>;
  readonly certificates = new Map<number, Certificate>();
  committedCount = 0;
  #roots = new Map<number, { root: string; members: readonly Hotkey[] }>();
  #options: SwarmOptions;
  #clock: VirtualClock;
  #network: SimNetwork;
  #means = new Set<number>();

  constructor(memberCount: number, options: SwarmOptions, clock: VirtualClock, network: SimNetwork) {
    this.#options = options;
    this.#clock = clock;
    this.#network = network;
    const registered = Array.from({ length: memberCount }, (_, i) => `member-${i}`);
    this.nodes = registered.map((hotkey) => new SimNode(hotkey, registered));
    this.constants = new Map(this.nodes.map(({ hotkey }, i) => [hotkey, 7 ** i]));
    for (let subset = 1; subset < 2 ** memberCount; subset++) {
      const chosen = this.nodes.map((_, i) => i).filter((i) => subset & (1 << i));
      this.#means.add(chosen.reduce((sum, i) => sum + 7 ** i, 0) / chosen.length);
    }
  }

  start(node: SimNode): void {
    if (node.isUp) return;
    node.isUp = true;
    node.stop = new AbortController();
    const codec = f32Codec;
    node.allReduce = new AllReduce(
      {
        runId: RUN_ID,
        seed: "simulated",
        ...this.#options,
        minGroup: 2,
        roundTimeoutMs: 120_000,
        tickMs: 250,
        requestTimeoutMs: 3000,
        timeouts: {
          windowChunks: 2,
          leaderTimeoutMs: 2000,
          acceptTimeoutMs: 2000,
          beginTimeoutMs: 3000,
          senderTimeoutMs: 2000,
          reducerTimeoutMs: 5000,
          voteTimeoutMs: 3000,
          suspectMs: 8000,
        },
      },
      {
        transport: this.#network.join(node.hotkey),
        signer: fakeSigner(node.hotkey),
        verify: fakeVerify,
        codec,
        reducer: new CpuReducer(codec),
        clock: this.#clock,
        log: silentLog,
        digest: async (bytes) => sha256Sync(bytes),
        isMember: (hotkey) => this.constants.has(hotkey),
      },
    );
    if (node.state.certificate) node.allReduce.resume(node.state.certificate);
    this.#live(node).catch((error) => this.#network.failures.push(error));
  }

  crash(node: SimNode): void {
    if (!node.isUp) return;
    node.isUp = false;
    this.#network.leave(node.hotkey);
    node.stop.abort(new Error("crashed"));
    node.allReduce!.close();
  }

  lowestStep(): number {
    return Math.min(...this.nodes.map((node) => node.state.outerStep));
  }

  highestStep(): number {
    return Math.max(...this.nodes.map((node) => node.state.outerStep));
  }

  async #live(node: SimNode): Promise<void> {
    const { stop } = node;
    while (!stop.signal.aborted) {
      const { outerStep, root, members } = node.state;
      const startBlock = this.#block();
      const outcome = await node.allReduce!.run({
        outerStep: outerStep + 1,
        anchorRoot: root,
        values: new Float32Array(this.#options.elementCount).fill(this.constants.get(node.hotkey)!),
        samples: 1,
        innerSteps: 1,
        waypointDigest: toHex(sha256Sync(utf8(`${node.hotkey} ${outerStep}`))),
        bandwidthBytesPerSec: 1000 + (this.constants.get(node.hotkey)! % 500),
        previousMembers: members,
        deadlineBlock: startBlock + DEADLINE_BLOCKS,
        block: () => this.#block(),
        expected: () => this.nodes.filter((n) => n.isUp).map((n) => n.hotkey),
        lock: node.lock,
        onLock: (lock) => {
          if (node.stop === stop) node.lock = structuredClone(lock);
        },
      }, stop.signal);
      if (stop.signal.aborted) return;
      if (outcome.kind === "committed") this.#commit(node, outcome.certificate, outcome.chunks);
      else if (outcome.kind === "superseded" || outcome.code === "allreduce/root-mismatch") {
        await this.#clock.sleep(200);
        this.#download(node);
      } else await this.#clock.sleep(200);
    }
  }

  #block(): number {
    return Math.floor(this.#clock.monotonicMs() / BLOCK_MS);
  }

  #commit(node: SimNode, certificate: Certificate, chunks: readonly Uint8Array[]): void {
    const { outerStep } = certificate;
    this.committedCount++;
    const first = this.certificates.get(outerStep);
    if (first && first.resultDigest !== certificate.resultDigest) {
      this.violations.push(`two results for step ${outerStep}`);
    }
    this.certificates.set(outerStep, first ?? certificate);
    const never = { recoveryBlock: Infinity, block: 0, present: [] };
    node.allReduce!.verify(certificate, { previousMembers: node.state.members, ...never });
    const values = decodeResult(certificate.origin, chunks, f32Codec);
    for (const value of new Set(values)) {
      if (!this.#isMean(value)) {
        this.violations.push(`step ${outerStep} holds ${value}, no mean of distinct members`);
      }
    }
    const bytes = new Uint8Array(values.buffer);
    const root = toHex(sha256Sync(concatBytes(fromHex(node.state.root), bytes)));
    const members = certificate.origin.members.map((m) => m.hotkey);
    const known = this.#roots.get(outerStep);
    if (known && known.root !== root) this.violations.push(`two roots after step ${outerStep}`);
    this.#roots.set(outerStep, known ?? { root, members });
    node.state = { outerStep, root, members, certificate };
    node.lock = undefined;
  }

  /** f32 shares round: a mean is recognised to one part in a million; distinct means differ by far more. */
  #isMean(value: number): boolean {
    for (const mean of this.#means) if (Math.abs(value - mean) <= 1e-6 * mean) return true;
    return false;
  }

  /** State download from a peer, which is another room's business: takes the newest state in reach. */
  #download(node: SimNode): void {
    for (const peer of this.nodes) {
      if (!this.#network.isLinked(node.hotkey, peer.hotkey)) continue;
      if (peer.state.outerStep > node.state.outerStep) {
        node.state = peer.state;
        node.lock = undefined;
        if (peer.state.certificate) node.allReduce!.resume(peer.state.certificate);
      }
    }
  }
}

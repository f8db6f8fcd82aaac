/**
 * One round of many members at one bandwidth: the real all-reduce on the links of scale_network.ts, in virtual time. Arithmetic
 * and disks take no time, so what is measured is what the network allows.
 */
import { eventLog, type LogEvent } from "../../src/base/log.ts";
import { Random } from "../../src/base/random.ts";
import type { Hotkey } from "../../src/base/transport.ts";
import {
  AllReduce,
  CHUNK_BYTES,
  DEFAULT_TIMEOUTS,
  type RoundOutcome,
} from "../../src/allreduce/allreduce.ts";
import type { RoundTimeouts } from "../../src/allreduce/round_types.ts";
import { fakeRoundKeys, fakeSigner, fakeVerify } from "./fake_signer.ts";
import { BLOCK_BYTES, blockCodec, BlockReducer, meanConstant, sharedTensor } from "./scale_codec.ts";
import { type Alter, ScaleNetwork } from "./scale_network.ts";
import { VirtualClock } from "./virtual_clock.ts";

export interface ScaleCase {
  readonly members: number;
  /** Each way, of each member. */
  readonly megabits: number;
  /** The tensor, encoded: 10⁶ bytes. */
  readonly megabytes: number;
  /** Above so many members a grid; the product's own limit by default. */
  readonly mesh?: number;
  /** So many members die while chunks flow. */
  readonly deaths?: number;
  readonly seed?: number;
}

export interface ScaleResult {
  readonly members: number;
  readonly megabits: number;
  readonly megabytes: number;
  readonly shape: string;
  /** Until the last member that lives has committed; until a half had; until the first chunk could flow. */
  readonly seconds: number;
  readonly medianSeconds: number;
  readonly begunSeconds: number;
  /** 2(n − 1)/n tensors at the members' bandwidth. */
  readonly boundSeconds: number;
  readonly committed: number;
  readonly aborted: number;
  /** Different results among those committed. */
  readonly results: number;
  /** Whether the result is the mean of all members, each with its weight. */
  readonly isWhole: boolean;
  /** Of the members' constants; null when blocks say different things. */
  readonly mean: number | null;
  readonly attempts: number;
  readonly excluded: number;
  /** Of the member with most. */
  readonly bulkLinks: number;
  readonly sentMegabytes: number;
  /** Of the average member. */
  readonly messages: number;
  readonly controlMegabytes: number;
}

const ROUND_TIMEOUT_MS = 3_600_000;
const DEATH_NOTICE_MS = 2000;

export async function playScaleRound(scale: ScaleCase, alter?: Alter): Promise<ScaleResult> {
  const { members, megabits, megabytes, mesh, seed = 1, deaths = 0 } = scale;
  const clock = new VirtualClock();
  const hotkeys = Array.from({ length: members }, (_, i) => `5Member${String(i).padStart(41, "0")}`);
  const blocks = members * Math.max(1, Math.ceil((megabytes * 1e6) / CHUNK_BYTES / members));
  const bytesPerMs = (megabits * 1e6) / 8 / 1000;
  const network = new ScaleNetwork(hotkeys, clock, {
    seed,
    bytesPerMs,
    minLatencyMs: 10,
    maxLatencyMs: 60,
    jitterMs: 5,
    bulkScale: (megabytes * 1e6) / (BLOCK_BYTES * blocks),
  });
  if (alter) network.alter = alter;
  const boundSeconds = (2 * (members - 1) / members) * (megabytes * 1e6) / (1000 * bytesPerMs);
  const observed = new Observed(clock);
  const options = {
    runId: "11".repeat(32),
    seed: "scale",
    elementCount: 1024 * blocks,
    chunkElements: 1024,
    minGroup: 2,
    tickMs: 250,
    maxInnerSteps: 3,
    roundTimeoutMs: ROUND_TIMEOUT_MS,
    timeouts: timeoutsFor(members, boundSeconds, bytesPerMs),
    ...(mesh === undefined ? {} : { meshMembers: mesh }),
  };
  const values = sharedTensor(blocks);
  const dead = new Set<number>();
  const runs = hotkeys.map((hotkey, at) => {
    const allReduce = new AllReduce(options, {
      transport: network.transport(at),
      signer: fakeSigner(hotkey),
      verify: fakeVerify,
      roundKeys: fakeRoundKeys(hotkey),
      codec: blockCodec(at + 1),
      reducer: new BlockReducer(),
      clock,
      log: eventLog((event) => observed.see(event)),
      digest: shortDigest,
      isMember: () => true,
    });
    const input = inputOf(at, hotkeys, values, 1000 * bytesPerMs, clock);
    return allReduce.run(input, new AbortController().signal).then(
      (outcome) => observed.ended(at, outcome),
      (error) => network.failures.push(error),
    );
  });
  if (deaths > 0) {
    const random = new Random(seed);
    while (dead.size < deaths) dead.add(random.nextBelow(members));
    observed.onBegun = () => {
      for (const at of dead) {
        const afterMs = random.nextFloat() * 800 * boundSeconds;
        clock.after(afterMs, () => network.kill(at, DEATH_NOTICE_MS));
      }
    };
  }
  const isDone = () =>
    network.failures.length > 0 || hotkeys.every((_, at) => dead.has(at) || observed.endedAt(at));
  await clock.advance(isDone, ROUND_TIMEOUT_MS + 1000);
  if (network.failures.length > 0) throw network.failures[0];
  void runs;
  return measure(scale, boundSeconds, observed, network, dead);
}

/** Longer where links are slow: these are ceilings, and nobody here is late. */
function timeoutsFor(members: number, boundSeconds: number, bytesPerMs: number): RoundTimeouts {
  const of = (defaultMs: number, ms: number) => Math.max(defaultMs, Math.round(ms));
  const { senderTimeoutMs, reducerTimeoutMs, acceptTimeoutMs, beginTimeoutMs, voteTimeoutMs } =
    DEFAULT_TIMEOUTS;
  /** What a proposal of so many members takes from its leader through a row's head. */
  const spreadMs = 2 * Math.sqrt(members) * members * 500 / bytesPerMs;
  return {
    ...DEFAULT_TIMEOUTS,
    leaderTimeoutMs: of(DEFAULT_TIMEOUTS.leaderTimeoutMs, 2 * spreadMs),
    acceptTimeoutMs: of(acceptTimeoutMs, 2 * spreadMs),
    beginTimeoutMs: of(beginTimeoutMs, 3 * spreadMs),
    senderTimeoutMs: of(senderTimeoutMs, 500 * boundSeconds),
    reducerTimeoutMs: of(reducerTimeoutMs, 1200 * boundSeconds),
    voteTimeoutMs: of(voteTimeoutMs, 500 * boundSeconds),
  };
}

const samplesOf = (at: number) => 1 + at % 3;

function inputOf(
  at: number,
  hotkeys: readonly Hotkey[],
  values: Float32Array,
  bandwidthBytesPerSec: number,
  clock: VirtualClock,
): Parameters<AllReduce["run"]>[0] {
  return {
    outerStep: 1,
    anchorRoot: "22".repeat(32),
    values,
    samples: samplesOf(at),
    innerSteps: samplesOf(at),
    waypointDigest: "33".repeat(32),
    bandwidthBytesPerSec,
    previousMembers: hotkeys,
    deadlineBlock: 1_000_000,
    block: () => 1 + Math.floor(clock.monotonicMs() / 12_000),
    expected: () => hotkeys,
  };
}

/** Four times 32 bits of FNV-1a, eight times: fast, and enough to tell chunks apart. */
export async function shortDigest(bytes: Uint8Array): Promise<Uint8Array> {
  const lanes = new Uint32Array(8);
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let i = 0; i < bytes.length; i++) {
    a = Math.imul(a ^ bytes[i], 0x01000193);
    b = Math.imul(b ^ bytes[i], 0x85ebca6b) ^ (a >>> 13);
  }
  for (let i = 0; i < 8; i++) lanes[i] = Math.imul(a + i, 0x9e3779b1) ^ Math.imul(b ^ i, 0xc2b2ae35);
  return new Uint8Array(lanes.buffer);
}

/** What happened when. */
class Observed {
  begunMs: number | undefined;
  attempts = 0;
  excluded = 0;
  readonly outcomes = new Map<number, { readonly outcome: RoundOutcome; readonly atMs: number }>();
  onBegun: () => void = () => {};
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  see({ event, attempt }: LogEvent): void {
    if (event === "sender-excluded") this.excluded++;
    if (event !== "round-began") return;
    this.attempts = Math.max(this.attempts, Number(attempt) + 1);
    if (this.begunMs !== undefined) return;
    this.begunMs = this.#clock.monotonicMs();
    this.onBegun();
  }

  ended(at: number, outcome: RoundOutcome): void {
    this.outcomes.set(at, { outcome, atMs: this.#clock.monotonicMs() });
  }

  endedAt = (at: number): boolean => this.outcomes.has(at);
}

function measure(
  { members, megabits, megabytes }: ScaleCase,
  boundSeconds: number,
  observed: Observed,
  network: ScaleNetwork,
  dead: ReadonlySet<number>,
): ScaleResult {
  const alive = [...observed.outcomes].filter(([at]) => !dead.has(at)).map(([, ended]) => ended);
  const committed = alive.flatMap(({ outcome }) => outcome.kind === "committed" ? [outcome] : []);
  const times = alive.map(({ atMs }) => atMs / 1000).sort((a, b) => a - b);
  const traffic = network.traffic;
  const average = (of: (at: number) => number) =>
    traffic.reduce((sum, _, at) => sum + of(at), 0) / traffic.length;
  const most = (of: (at: number) => number) => traffic.reduce((max, _, at) => Math.max(max, of(at)), 0);
  const mean = committed.length > 0 ? meanConstant([...committed[0].chunks]) : undefined;
  const grid = committed[0]?.plan.grid;
  return {
    members,
    megabits,
    megabytes,
    shape: grid ? `${grid.rows.length} × ${grid.columns.length}` : "mesh",
    seconds: times.at(-1) ?? NaN,
    medianSeconds: times[times.length >> 1] ?? NaN,
    begunSeconds: (observed.begunMs ?? NaN) / 1000,
    boundSeconds,
    committed: committed.length,
    aborted: alive.length - committed.length,
    results: new Set(committed.map(({ certificate }) => certificate.resultDigest)).size,
    isWhole: mean !== undefined && Math.abs(mean / wholeMean(members) - 1) < 1e-9,
    mean: mean ?? null,
    attempts: observed.attempts,
    excluded: observed.excluded,
    bulkLinks: most((at) => traffic[at].bulkPeers.size),
    sentMegabytes: most((at) => traffic[at].sentBytes) / 1e6,
    messages: Math.round(average((at) => traffic[at].sentMessages)),
    controlMegabytes: average((at) => traffic[at].controlBytes) / 1e6,
  };
}

function wholeMean(members: number): number {
  let [sum, total] = [0, 0];
  for (let at = 0; at < members; at++) {
    sum += samplesOf(at) * (at + 1);
    total += samplesOf(at);
  }
  return sum / total;
}

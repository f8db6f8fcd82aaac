/**
 * An episode as a pure function of seed, index and flags: the swarm, who of it is hostile, and every fault with its time.
 *
 * With hostile members there is a budget: hostile, crashed, silent and cut-off members together are at most a third of the
 * swarm at any moment. Without, crashes and partitions may be of any size, and only safety and recovery are at stake.
 */
import { faultBound } from "../../src/allreduce/quorum.ts";
import { SkeinError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import { MAX_MESH_MEMBERS } from "../../src/allreduce/proposal.ts";
import { BEHAVIOURS } from "./hostile_lies.ts";
import { type Fault, FAULTS, HOSTILE_FAULTS, type Occurrence } from "./faults.ts";
import { MAX_MEMBERS } from "./periodic_codec.ts";

export interface SimulationFlags {
  readonly seed: number;
  /** Counted rounds of the whole run. */
  readonly rounds: number;
  readonly members?: number;
  readonly faults?: readonly Fault[];
  readonly byzantine?: number;
  readonly plant?: Plant;
}

export const PLANTS = [
  "commit-without-quorum",
  "double-count",
  "continuity-by-proposal",
  "unchecked-offers",
  "shared-buffers",
] as const;
export type Plant = (typeof PLANTS)[number];

export interface Episode {
  readonly seed: number;
  readonly index: number;
  readonly memberCount: number;
  /** Indexes of hostile members. */
  readonly hostile: readonly number[];
  /** Whether the hostile go on after the healing; otherwise they are restarted honest. */
  readonly isHostileForEver: boolean;
  readonly units: number;
  readonly samples: readonly number[];
  readonly bandwidths: readonly number[];
  readonly faultMs: number;
  readonly occurrences: readonly Occurrence[];
  readonly plant?: Plant;
}

const LONGEST_FAULT_MS = 60_000;
/** Occurrences of one kind in an episode, at most. */
const MAX_OCCURRENCES = 4;
/** Messages after which things go wrong most tellingly. */
const TRIGGERS = ["vote", "commit", "begin", "result", "propose", "accept", "certificate"] as const;

/** @throws {SkeinError} `sim/bad-flag` */
export function checkFlags({ members, byzantine, rounds }: SimulationFlags): void {
  const bad = (flag: string, found: unknown, required: string) =>
    new SkeinError("sim/bad-flag", `read --${flag}: ${found} found, ${required} is required`);
  const isWhole = (x: number) => Number.isInteger(x) && x >= 0;
  if (!isWhole(rounds) || rounds < 1) throw bad("rounds", rounds, "a whole number from 1");
  if (members !== undefined && !(isWhole(members) && members >= 2 && members <= MAX_MEMBERS)) {
    throw bad("members", members, `a whole number from 2 to ${MAX_MEMBERS}`);
  }
  const most = faultBound(members ?? 12);
  if (byzantine !== undefined && !(isWhole(byzantine) && byzantine <= most)) {
    throw bad(
      "byzantine",
      byzantine,
      `at most a third of ${members ?? "up to 12"} members and none of three or fewer, so 0 to ${most},`,
    );
  }
}

export function drawEpisode(flags: SimulationFlags, index: number): Episode {
  const random = new Random((Math.imul(flags.seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0);
  const { byzantine = 0 } = flags;
  const least = byzantine > 0 ? Math.max(4, 3 * byzantine) : 2;
  const memberCount = flags.members ?? least + random.nextBelow(12 - least + 1);
  const faults = new Set(flags.faults ?? FAULTS.filter(() => random.nextBelow(3) === 0));
  const hostile = drawHostile(flags, faults, memberCount, random);
  // Small swarms of short episodes see more different faults in the same number of rounds.
  // A large swarm costs a lot: without faults it plays the rounds after healing, and no others.
  const quietMs = memberCount > MAX_MESH_MEMBERS ? 0 : 10_000;
  const faultMs = faults.size === 0 ? quietMs : 15_000 + random.nextBelow(LONGEST_FAULT_MS - 15_000);
  const budget = hostile.length > 0 ? faultBound(memberCount) - hostile.length : memberCount;
  const draw = new OccurrenceDraw(memberCount, hostile, faultMs, budget, random);
  const occurrences = FAULTS.filter((kind) => faults.has(kind) && !HOSTILE_FAULTS.includes(kind))
    .flatMap((kind) => draw.occurrences(kind));
  return {
    seed: flags.seed,
    index,
    memberCount,
    hostile,
    isHostileForEver: hostile.length <= Math.floor((memberCount - 1) / 3),
    units: 1 + random.nextBelow(Math.min(10, memberCount + 2)),
    samples: Array.from({ length: memberCount }, () => 1 + random.nextBelow(5)),
    bandwidths: Array.from(
      { length: memberCount },
      () => random.nextBelow(8) && 1000 + random.nextBelow(4000),
    ),
    faultMs,
    occurrences: [...occurrences, ...hostile.flatMap((member) => drawBehaviours(member, faults, random))],
    plant: flags.plant,
  };
}

function drawHostile(
  { byzantine, faults }: SimulationFlags,
  drawn: ReadonlySet<Fault>,
  memberCount: number,
  random: Random,
): number[] {
  const most = faultBound(memberCount);
  const isAsked = HOSTILE_FAULTS.some((kind) => drawn.has(kind));
  let count = byzantine ?? 0;
  if (byzantine === undefined && isAsked && most > 0) count = 1 + random.nextBelow(most);
  // A list of faults without a hostile one means honest members, unless the number of hostile ones is given.
  if (byzantine === undefined && faults && !HOSTILE_FAULTS.some((kind) => faults.includes(kind))) count = 0;
  const left = Array.from({ length: memberCount }, (_, i) => i);
  return Array.from({ length: count }, () => left.splice(random.nextBelow(left.length), 1)[0]).sort((a, b) =>
    a - b
  );
}

/** Two to five things that a hostile member does, of the kinds asked for; of both when none was. */
function drawBehaviours(member: number, faults: ReadonlySet<Fault>, random: Random): Occurrence[] {
  const asked = HOSTILE_FAULTS.filter((kind) => faults.has(kind));
  const kinds = asked.length > 0 ? asked : HOSTILE_FAULTS;
  const able = BEHAVIOURS.filter(({ kind }) => kinds.includes(kind));
  const count = 2 + random.nextBelow(4);
  return Array.from({ length: count }, () => {
    const { kind, name } = able[random.nextBelow(able.length)];
    const seed = random.nextU32();
    return { kind, behaviour: name, members: [member], seed, atMs: 0, untilMs: Infinity };
  }).filter((a, i, all) => all.findIndex((b) => b.behaviour === a.behaviour) === i);
}

class OccurrenceDraw {
  #memberCount: number;
  #honest: readonly number[];
  #faultMs: number;
  #budget: number;
  #random: Random;
  /** What has been spent of the budget, and when. */
  #spent: { atMs: number; untilMs: number; members: readonly number[] }[] = [];

  constructor(
    memberCount: number,
    hostile: readonly number[],
    faultMs: number,
    budget: number,
    random: Random,
  ) {
    this.#memberCount = memberCount;
    this.#honest = Array.from({ length: memberCount }, (_, i) => i).filter((i) => !hostile.includes(i));
    this.#faultMs = faultMs;
    this.#budget = budget;
    this.#random = random;
  }

  occurrences(kind: Fault): Occurrence[] {
    const count = 1 + this.#random.nextBelow(MAX_OCCURRENCES);
    return Array.from({ length: count }, () => this.#one(kind)).filter((o) => o !== undefined);
  }

  #one(kind: Fault): Occurrence | undefined {
    const random = this.#random;
    const atMs = random.nextBelow(this.#faultMs);
    const longest = kind === "crash" ? 20_000 : 25_000;
    const untilMs = Math.min(this.#faultMs, atMs + 500 + random.nextBelow(longest));
    const trigger = TRIGGERS[random.nextBelow(2 * TRIGGERS.length)];
    const base = { kind, atMs, untilMs, seed: random.nextU32() };
    switch (kind) {
      case "crash": {
        const members = this.#some(random.nextBelow(4) === 0 ? this.#memberCount : 1);
        const triggers = [
          undefined,
          undefined,
          "vote",
          "begin",
          "result",
          "propose",
          "accept",
          "certificate",
        ];
        const trigger = triggers[random.nextBelow(triggers.length)];
        const noticeMs = random.nextBelow(2) * random.nextBelow(5000);
        return this.#within({ ...base, members, trigger, noticeMs });
      }
      case "partition": {
        if (this.#memberCount === 4 && this.#honest.length === 4 && random.nextBelow(3) === 0) {
          return {
            ...base,
            atMs: Math.floor(atMs / 4),
            untilMs: this.#faultMs,
            members: this.#shuffled(),
            script: "carried",
          };
        }
        const members = this.#some(this.#memberCount - 1);
        const cuts = (["both", "both", "out", "in"] as const)[random.nextBelow(4)];
        const noticeMs = random.nextBelow(2) * random.nextBelow(10_000);
        return this.#within({ ...base, members, trigger, cuts, noticeMs });
      }
      case "silent":
        return this.#within({ ...base, trigger, members: this.#some(2) });
      case "stall": {
        const isWholeChain = random.nextBelow(2) === 0;
        return { ...base, members: isWholeChain ? [] : this.#some(this.#memberCount) };
      }
      default:
        return { ...base, members: this.#some(this.#memberCount) };
    }
  }

  #shuffled(): number[] {
    const left = [...this.#honest];
    return this.#honest.map(() => left.splice(this.#random.nextBelow(left.length), 1)[0]);
  }

  /** One to `most` honest members. */
  #some(most: number): number[] {
    const left = [...this.#honest];
    const count = Math.min(left.length, 1 + this.#random.nextBelow(Math.max(1, most)));
    const chosen = Array.from(
      { length: count },
      () => left.splice(this.#random.nextBelow(left.length), 1)[0],
    );
    return chosen.sort((a, b) => a - b);
  }

  /** Cut down to the budget, or nothing. A crash that waits for its trigger counts while it waits. */
  #within(o: Occurrence): Occurrence | undefined {
    if (this.#budget >= this.#memberCount) return o;
    const overlapping = this.#spent.filter((s) => s.atMs < o.untilMs && o.atMs < s.untilMs);
    const down = new Set(overlapping.flatMap((s) => s.members));
    const members: number[] = [];
    for (const member of o.members) {
      if (down.has(member) || down.size < this.#budget) {
        down.add(member);
        members.push(member);
      }
    }
    if (members.length === 0) return undefined;
    const kept = { ...o, members };
    this.#spent.push(kept);
    return kept;
  }
}

/** The members of a bench as processes, and one measured round of them. */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/base/clock.ts";
import { codecByName } from "../src/codec/by_name.ts";
import { JsonProcess } from "./allreduce_process.ts";
import { benchScript } from "./allreduce_program.ts";
import type { MemberOptions } from "./allreduce_member.ts";

/** Where a member runs. */
export interface Place {
  /** Command that runs the member's, for instance `ip netns exec NAME`. */
  readonly prefix: readonly string[];
  readonly listen: string;
  /** What the member says of its link in its ready: the span plan follows from it. */
  readonly bandwidthBytesPerSec: number;
}

export interface SwarmOptions {
  readonly places: readonly Place[];
  readonly elementCount: number;
  readonly codec: string;
  readonly chunkElements?: number;
  readonly timeouts?: MemberOptions["timeouts"];
}

export interface MeasuredRound {
  /** From the word to start until the last member has committed. */
  readonly seconds: number;
  /** Until this member has committed. */
  readonly secondsOfMembers: readonly number[];
  /** Of all members together. */
  readonly cpuSeconds: number;
  /** Longest time of a member to decode the result into its f32 tensor, after the round. */
  readonly decodeSeconds: number;
  /** Sent and received by each member, everything above encryption. */
  readonly sentBytes: readonly number[];
  readonly loadAverage: number;
}

export const loopbackPlaces = (members: number): Place[] =>
  Array.from({ length: members }, () => (
    { prefix: [], listen: "/ip4/127.0.0.1/tcp/0", bandwidthBytesPerSec: 1e8 }
  ));

/** What each member must send: it contributes all but its own span, and sends its span's result to all others. */
export function requiredBytes(elementCount: number, codec: string, members: number): number {
  return 2 * ((members - 1) / members) * codecByName(codec).encodedBytes(elementCount);
}

export class BenchSwarm {
  readonly members: readonly JsonProcess[];
  #places: readonly Place[];
  /** What the members keep on disk. */
  readonly #directory: string;
  #round = 0;

  private constructor(members: readonly JsonProcess[], places: readonly Place[], directory: string) {
    this.members = members;
    this.#directory = directory;
    this.#places = places;
  }

  /** Every member connected to every other. */
  static async start({ places, ...shared }: SwarmOptions): Promise<BenchSwarm> {
    const script = await benchScript("allreduce_member");
    const directory = mkdtempSync(join(tmpdir(), "skein-bench-"));
    const members = places.map((place, member) =>
      new JsonProcess(`member ${member}`, script, {
        member,
        directory: join(directory, String(member)),
        members: places.length,
        listen: place.listen,
        bandwidthBytesPerSec: place.bandwidthBytesPerSec,
        ...shared,
      }, place.prefix)
    );
    const swarm = new BenchSwarm(members, places, directory);
    try {
      const addrs: string[] = [];
      for (const member of members) addrs.push(((await member.next("listening")).addrs as string[])[0]);
      await Promise.all(
        members.map((member, i) => member.ask({ do: "connect", addrs: addrs.slice(0, i) }, "done")),
      );
      return swarm;
    } catch (error) {
      await swarm.stop();
      throw error;
    }
  }

  /**
   * Every member with fresh values. All must commit and hold the same bytes.
   * @param isChecked also compares every element with the mean of what went in
   * @throws {Error} when a member did not commit, or holds other bytes than the others or than it should
   */
  async round(isChecked = false): Promise<MeasuredRound> {
    const round = this.#round++;
    await Promise.all(this.members.map((member) => member.ask({ do: "fill", round }, "done")));
    const before = this.members.map((member) => member.use().cpuSeconds);
    const startMs = systemClock.monotonicMs();
    const secondsOfMembers = await Promise.all(
      this.members.map(async (member, i) => {
        const bandwidth = this.#places[i].bandwidthBytesPerSec;
        await member.ask({ do: "run", round, isChecked, bandwidth }, "finished");
        return (systemClock.monotonicMs() - startMs) / 1000;
      }),
    );
    const after = this.members.map((member) => member.use().cpuSeconds);
    const results = await Promise.all(this.members.map((member) => member.next("result")));
    for (const [i, result] of results.entries()) {
      const isSame = result.digest === results[0].digest;
      const fault = result.fault ?? (isSame ? undefined : "it holds other bytes than member 0");
      if (fault !== undefined) throw new Error(`round ${round}, member ${i}: ${fault}`);
    }
    return {
      seconds: Math.max(...secondsOfMembers),
      secondsOfMembers,
      cpuSeconds: after.reduce((sum, cpu, i) => sum + cpu - before[i], 0),
      decodeSeconds: Math.max(...results.map((result) => result.decodeSeconds as number)),
      sentBytes: results.map((result) => result.sentBytes as number),
      loadAverage: loadavg()[0],
    };
  }

  peakRssBytes(): number[] {
    return this.members.map((member) => member.use().peakRssBytes);
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The all-reduce, measured: real processes on loopback, real libp2p, real keys, the CPU reducer.
 *
 *   deno task bench:allreduce --members 8 --megabytes 100 --codec u8 [--rounds 15] [--json]
 *
 * goodput  = members × 2(n−1)/n × encoded tensor / seconds: every byte that some member must send (and another receive),
 *            counted once. On one machine all members share its cores, as the two ends of the plain stream do.
 * lineRate = bytes that one plain libp2p stream carries a second, counted once, measured in the same run, before and after
 *            the rounds: the median, as of the rounds, at the write size that is best for it.
 * share    = goodput / lineRate.
 *
 * Verify first: the warm-up round checks every element against the mean of what went in, and each round that all members
 * hold the same bytes. `seconds` runs from the word to start until the last member has committed: the group's formation,
 * encoding, transfer, sums, digests, votes. 1 MB is 10⁶ bytes, of the f32 tensor.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { codecNames } from "../src/codec/by_name.ts";
import { lineRateOf, lineRates } from "./allreduce_line.ts";
import { BenchSwarm, loopbackPlaces, type MeasuredRound, median, requiredBytes } from "./allreduce_swarm.ts";

export interface AllReduceReport {
  readonly members: number;
  readonly megabytes: number;
  readonly codec: string;
  readonly rounds: number;
  readonly goodputBytesPerSec: number;
  readonly goodputBytesPerSecOfMember: number;
  readonly lineRateBytesPerSec: number;
  readonly share: number;
  readonly peakRssBytes: readonly number[];
  /** Median of the measured rounds, which `secondsOfRounds` lists. */
  readonly seconds: number;
  readonly secondsOfRounds: readonly number[];
  readonly warmUpSeconds: number;
  readonly cpuSeconds: number;
  readonly cpuSecondsOfRounds: readonly number[];
  readonly decodeSeconds: number;
  readonly loadAverage: number;
}

export async function benchAllReduce(
  { members, megabytes, codec, rounds }: {
    members: number;
    megabytes: number;
    codec: string;
    rounds: number;
  },
): Promise<AllReduceReport> {
  const loadAverage = loadavg()[0];
  const elementCount = Math.round(megabytes * 1e6 / 4);
  const places = loopbackPlaces(members);
  const lineBytes = Math.min(256e6, 8e6 * megabytes);
  const linesBefore = await lineRates(lineBytes, places);
  const swarm = await BenchSwarm.start({ places, elementCount, codec });
  let warmUp: MeasuredRound;
  const measured: MeasuredRound[] = [];
  let peakRssBytes: number[];
  try {
    warmUp = await swarm.round(true);
    for (let i = 0; i < rounds; i++) measured.push(await swarm.round());
    peakRssBytes = swarm.peakRssBytes();
  } finally {
    await swarm.stop();
  }
  const lineRateBytesPerSec = lineRateOf([linesBefore, await lineRates(lineBytes, places)]);
  const seconds = median(measured.map((round) => round.seconds));
  const ofMember = requiredBytes(elementCount, codec, members) / seconds;
  return {
    members,
    megabytes,
    codec,
    rounds,
    goodputBytesPerSec: members * ofMember,
    goodputBytesPerSecOfMember: ofMember,
    lineRateBytesPerSec,
    share: members * ofMember / lineRateBytesPerSec,
    peakRssBytes,
    seconds,
    secondsOfRounds: measured.map((round) => round.seconds),
    warmUpSeconds: warmUp.seconds,
    cpuSecondsOfRounds: measured.map((round) => round.cpuSeconds),
    cpuSeconds: median(measured.map((round) => round.cpuSeconds)),
    decodeSeconds: median(measured.map((round) => round.decodeSeconds)),
    loadAverage,
  };
}

const HELP = `deno task bench:allreduce [--members 8] [--megabytes 100] [--codec u8] [--rounds 15] [--json]

  --members    2 to 16 processes on this machine
  --megabytes  of the f32 tensor, 1 to 500; 1 MB = 10^6 bytes
  --codec      ${codecNames.join(", ")}
  --rounds     measured rounds after the warm-up, at least 2; the median counts. V8 compiles for the first ten

goodput is every byte that some member must send, 2(n-1)/n of the encoded tensor each, counted once and divided by the
round's seconds. lineRate is what one plain libp2p stream carries between two processes in the same run, counted the same.`;

function inRange(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  console.error(`read --${name}: ${text}, a whole number from ${least} to ${most} is required`);
  Deno.exit(2);
}

function table(report: AllReduceReport): string {
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  const tensorBytes = 1e6 * report.megabytes;
  const peak = Math.max(...report.peakRssBytes);
  return [
    `${report.members} members, ${report.megabytes} MB f32 each, codec ${report.codec}`,
    `round          ${report.seconds.toFixed(2)} s (median of ${
      report.secondsOfRounds.map((s) => s.toFixed(2)).join(", ")
    }; warm-up ${report.warmUpSeconds.toFixed(2)} s)`,
    `goodput        ${mb(report.goodputBytesPerSec)}/s, of each member ${
      mb(report.goodputBytesPerSecOfMember)
    }/s`,
    `line rate      ${mb(report.lineRateBytesPerSec)}/s, one plain libp2p stream`,
    `share          ${(100 * report.share).toFixed(1)} %`,
    `peak memory    ${mb(peak)}, ${(peak / tensorBytes).toFixed(2)} × the tensor`,
    `CPU            ${report.cpuSeconds.toFixed(2)} s of all members; decoding the result ${
      report.decodeSeconds.toFixed(2)
    } s more`,
    `load average   ${report.loadAverage.toFixed(2)} at the start`,
  ].join("\n");
}

if (import.meta.main) {
  const { values: flags } = parseArgs({
    args: Deno.args,
    options: {
      members: { type: "string", default: "8" },
      megabytes: { type: "string", default: "100" },
      codec: { type: "string", default: "u8" },
      rounds: { type: "string", default: "15" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.help) {
    console.log(HELP);
    Deno.exit(0);
  }
  const report = await benchAllReduce({
    members: inRange("members", flags.members, 2, 16),
    megabytes: inRange("megabytes", flags.megabytes, 1, 500),
    codec: flags.codec,
    rounds: inRange("rounds", flags.rounds, 2, 100),
  });
  console.log(flags.json ? JSON.stringify(report) : table(report));
  Deno.exit(0);
}

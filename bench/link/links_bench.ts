/**
 * The all-reduce over bad links: four members in network namespaces of their own, joined by emulated links (star.ts) of
 * 100 Mbit/s each way and 50 ms of round trip, over the kernel's own TCP.
 *
 *   deno task bench:links [--scenario all|clean|loss|slow-peer] [--congestion bbr] [--megabytes 100] [--rounds 3]
 *                         [--pause 11] [--json]
 *
 * lowerBound = 2(n−1)/n × encoded bytes / bandwidth: what each member must send, at its full rate, with no latency and no
 * headers. ratio = seconds / lowerBound. Scenarios:
 *
 *   clean      100 Mbit/s, 50 ms                        bound 1.25
 *   loss       and 1 % of all packets lost              bound 2
 *   slow-peer  one member at a tenth of the bandwidth   bound 1.5, against `clean` in the same run
 *
 * Congestion control is the kernel's own default unless it is named; the report says which. Rounds are `--pause` seconds
 * apart, as in a run, where miners train for minutes between them: connections rest. BBR stops each connection for 0.2 s in
 * every ten seconds that it does not rest; `--pause 0` shows what that costs.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { systemClock } from "../../src/base/clock.ts";
import { BenchSwarm, median, requiredBytes } from "../allreduce_swarm.ts";
import { EmulatedLinks, type LinkCheck } from "./namespaces.ts";

const MEMBERS = 4;
const BYTES_PER_SEC = 12.5e6;
const ONE_WAY_DELAY_MS = 25;
const SCENARIOS = ["clean", "loss", "slow-peer"] as const;
type Scenario = (typeof SCENARIOS)[number];

export interface LinkReport {
  readonly scenario: Scenario;
  readonly congestionControl: string;
  readonly pauseSeconds: number;
  readonly seconds: number;
  readonly secondsOfRounds: readonly number[];
  /** Until the last member of all has the result; `seconds` is until the round is committed by those it waits for. */
  readonly secondsOfLast: number;
  readonly lowerBound: number;
  readonly ratio: number;
  readonly bound: number;
  /** Of all members together. */
  readonly cpuSeconds: number;
  /** Packets of all rounds: lost by chance, and dropped by a full queue. */
  readonly lostPackets: number;
  readonly droppedPackets: number;
  readonly loadAverage: number;
  readonly check: LinkCheck;
}

async function benchLink(
  scenario: Scenario,
  { elementCount, codec, rounds, pauseSeconds, congestionControl }: {
    elementCount: number;
    codec: string;
    rounds: number;
    pauseSeconds: number;
    congestionControl: string;
  },
): Promise<LinkReport> {
  const slow = scenario === "slow-peer" ? MEMBERS - 1 : -1;
  const rates = Array.from({ length: MEMBERS }, (_, i) => i === slow ? BYTES_PER_SEC / 10 : BYTES_PER_SEC);
  const links = await EmulatedLinks.open({
    links: rates.map((rate) => ({ upBytesPerSec: rate, downBytesPerSec: rate })),
    oneWayDelayMs: ONE_WAY_DELAY_MS,
    loss: scenario === "loss" ? 0.01 : 0,
    congestionControl,
  });
  try {
    const check = await links.check();
    const swarm = await BenchSwarm.start({
      places: rates.map((rate, i) => ({
        prefix: links.prefix(i),
        listen: `/ip4/${links.address(i)}/tcp/4001`,
        bandwidthBytesPerSec: rate,
      })),
      elementCount,
      codec,
    });
    try {
      await swarm.round(true);
      const before = await links.stats();
      const measured = [];
      for (let i = 0; i < rounds; i++) {
        await systemClock.sleep(1000 * pauseSeconds);
        measured.push(await swarm.round());
      }
      const after = await links.stats();
      const waitedFor = rates.flatMap((_, i) => i === slow ? [] : [i]);
      const secondsOfRounds = measured.map((round) =>
        Math.max(...waitedFor.map((i) => round.secondsOfMembers[i]))
      );
      const seconds = median(secondsOfRounds);
      const lowerBound = requiredBytes(elementCount, codec, MEMBERS) / BYTES_PER_SEC;
      return {
        scenario,
        congestionControl,
        pauseSeconds,
        seconds,
        secondsOfRounds,
        secondsOfLast: median(measured.map((round) => round.seconds)),
        lowerBound,
        ratio: seconds / lowerBound,
        bound: scenario === "clean" ? 1.25 : scenario === "slow-peer" ? 1.5 : 2,
        cpuSeconds: median(measured.map((round) => round.cpuSeconds)),
        lostPackets: after.lost - before.lost,
        droppedPackets: after.dropped - before.dropped,
        loadAverage: loadavg()[0],
        check,
      };
    } finally {
      await swarm.stop();
    }
  } finally {
    await links.close();
  }
}

/** Of TCP. */
function kernelDefault(): string {
  return Deno.readTextFileSync("/proc/sys/net/ipv4/tcp_congestion_control").trim();
}

const HELP = `deno task bench:links [--scenario all|${SCENARIOS.join("|")}] [--megabytes 100] [--codec u8]
                      [--congestion ${kernelDefault()}] [--rounds 3] [--pause 11] [--json]

Four members, links of 100 Mbit/s each way and a round trip of 50 ms (25 ms one way, as \`netem delay 25ms\` on each
member's egress gives), emulated in user space over TUN; needs root. --megabytes of the f32 tensor: 100 are 25 encoded.
--pause in seconds between rounds: miners train for minutes there, and BBR measures the round trip anew after ten of rest.`;

function atLeast(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= least) return value;
  console.error(`read --${name}: "${text}", a number of at least ${least} is required`);
  Deno.exit(2);
}

function line(report: LinkReport): string {
  const {
    scenario,
    congestionControl,
    seconds,
    secondsOfLast,
    lowerBound,
    ratio,
    bound,
    loadAverage,
    check,
  } = report;
  return `${scenario.padEnd(10)} ${congestionControl} ${seconds.toFixed(2)} s (last member ${
    secondsOfLast.toFixed(2)
  } s), ` +
    `lower bound ${lowerBound.toFixed(2)} s, ratio ${ratio.toFixed(2)} of at most ${bound}; ` +
    `link: ${check.rttMs.toFixed(1)} ms, ${(check.bytesPerSec * 8e-6).toFixed(1)} Mbit/s, ` +
    `${(100 * check.lossBothWays).toFixed(1)} % lost both ways; load ${loadAverage.toFixed(1)}`;
}

if (import.meta.main) {
  const { values: flags } = parseArgs({
    args: Deno.args,
    options: {
      scenario: { type: "string", default: "all" },
      megabytes: { type: "string", default: "100" },
      codec: { type: "string", default: "u8" },
      congestion: { type: "string", default: kernelDefault() },
      rounds: { type: "string", default: "3" },
      pause: { type: "string", default: "11" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.help) {
    console.log(HELP);
    Deno.exit(0);
  }
  const chosen = SCENARIOS.filter((name) => flags.scenario === "all" || flags.scenario === name);
  if (chosen.length === 0) {
    console.error(`read --scenario: "${flags.scenario}", one of all, ${SCENARIOS.join(", ")} is required`);
    Deno.exit(2);
  }
  const size = { elementCount: Math.round(Number(flags.megabytes) * 1e6 / 4), codec: flags.codec };
  const options = {
    ...size,
    rounds: atLeast("rounds", flags.rounds, 1),
    pauseSeconds: atLeast("pause", flags.pause, 0),
    congestionControl: flags.congestion,
  };
  // The slow peer is measured against the same links without it.
  const needed = chosen.includes("slow-peer") && !chosen.includes("clean")
    ? ["clean" as const, ...chosen]
    : chosen;
  const reports: LinkReport[] = [];
  for (const scenario of needed) {
    const report = await benchLink(scenario, options);
    const clean = reports.find((each) => each.scenario === "clean");
    reports.push(
      scenario === "slow-peer" && clean ? { ...report, ratio: report.seconds / clean.seconds } : report,
    );
    if (!flags.json) console.log(line(reports.at(-1)!));
  }
  if (flags.json) console.log(JSON.stringify(reports));
  Deno.exit(0);
}

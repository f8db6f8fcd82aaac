/**
 * An epoch of the local chain, measured: consensus alone, and the whole step of a block that reads the state, runs
 * consensus, writes scores and pays everybody.
 *
 *   deno task bench:epoch [--neurons 256] [--validators 16] [--runs 20] [--json]
 *
 * Every validator weighs all neurons at random and holds bonds in all. Verify first: the runtime's test_512_graph (64
 * validators that weigh 448 servers alike), to the last rao. Times are the median and the worst of all runs after three.
 */
import { parseArgs } from "node:util";
import { Random } from "../src/base/random.ts";
import { type EpochInput, type EpochNeuron, runEpoch } from "../src/chain/consensus/mod.ts";
import * as at from "../src/chain/devnet/pallets/subtensor/storage.ts";
import { describeHost } from "../src/node/host_facts.ts";
import { EpochState, type Size } from "./epoch_state.ts";

const SEED = 20;
const WARM_UP_RUNS = 3;
const CEILING_MS = 200;
const NETUID = 1;
const PARAMETERS = {
  block: 1000n,
  tempo: 10,
  emissionRao: 1_000_000_000n,
  activityCutoff: 5000,
  stakeThresholdRao: 0n,
  kappa: 32_767,
  bondsPenalty: 65_535,
  bondsMovingAverage: 900_000n,
  yuma3: false,
};

export interface Timing {
  readonly medianMs: number;
  readonly worstMs: number;
}

export interface EpochReport extends Size {
  readonly runs: number;
  readonly consensus: Timing;
  readonly liquid: Timing;
  readonly step: Timing;
  /** Emission by uid, each times its uid: equal figures mean equal epochs. */
  readonly checksum: string;
}

/** @throws where consensus is not the runtime's */
export function benchEpoch({ neurons, validators, runs }: Size & { runs: number }): EpochReport {
  verify();
  const random = new Random(SEED);
  const input = randomInput({ neurons, validators }, random);
  const proportion = (part: number) => (BigInt(part) << 32n) / 65_535n;
  const liquidAlpha = { low: proportion(45_875), high: proportion(58_982), steepness: 1000 };
  const state = new EpochState({ neurons, validators }, random);
  const emission = state.epoch().get(at.Emission, NETUID);
  return {
    neurons,
    validators,
    runs,
    consensus: time(runs, () => runEpoch(input)),
    liquid: time(runs, () => runEpoch({ ...input, yuma3: true, liquidAlpha })),
    step: time(runs, () => state.epoch()),
    checksum: emission.reduce((total, rao, uid) => total + rao * BigInt(uid), 0n).toString(),
  };
}

function verify(): void {
  const servers = Array.from({ length: 448 }, (_, i): [number, number] => [64 + i, 65_535]);
  const graph = Array.from({ length: 512 }, (_, uid): EpochNeuron => ({
    stakeRao: uid < 64 ? 328_125_000_000_000n : 0n,
    lastUpdate: 1n,
    registeredAt: 0n,
    hasPermit: uid < 64,
    weights: uid < 64 ? servers : [],
    bonds: [],
  }));
  const output = runEpoch({ ...PARAMETERS, maxAllowedValidators: 64, neurons: graph });
  const found = [output.dividends[0], output.emissionRao[0], output.incentive[64], output.emissionRao[64]]
    .map(Number);
  const expected = [1023, 7_812_500, 146, 1_116_071];
  if (String(found) !== String(expected)) {
    throw new Error(`verify an epoch of 512 neurons: ${found}, the runtime's ${expected} are required`);
  }
}

function randomInput({ neurons, validators }: Size, random: Random): EpochInput {
  const row = () =>
    Array.from({ length: neurons }, (_, uid): [number, number] => [uid, random.nextBelow(65_536)]);
  return {
    ...PARAMETERS,
    maxAllowedValidators: validators,
    neurons: Array.from({ length: neurons }, (_, uid) => ({
      stakeRao: uid < validators ? BigInt(1_000_000 + random.nextBelow(1_000_000)) * 1_000_000n : 0n,
      lastUpdate: 999n,
      registeredAt: 1n,
      hasPermit: uid < validators,
      weights: uid < validators ? row() : [],
      bonds: uid < validators ? row() : [],
    })),
  };
}

function time(runs: number, work: () => unknown): Timing {
  const times: number[] = [];
  for (let run = -WARM_UP_RUNS; run < runs; run++) {
    const startMs = performance.now();
    work();
    if (run >= 0) times.push(performance.now() - startMs);
  }
  times.sort((a, b) => a - b);
  return { medianMs: times[Math.floor(times.length / 2)], worstMs: times[times.length - 1] };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      neurons: { type: "string", default: "256" },
      validators: { type: "string", default: "16" },
      runs: { type: "string", default: "20" },
      json: { type: "boolean", default: false },
    },
  });
  const report = benchEpoch({
    neurons: Number(values.neurons),
    validators: Number(values.validators),
    runs: Number(values.runs),
  });
  const { deno, v8, processor, cores } = await describeHost();
  if (values.json) {
    console.log(
      JSON.stringify({ bench: "epoch", versions: { deno, v8 }, host: { processor, cores }, ...report }),
    );
  } else {
    console.log(
      `${report.neurons} neurons × ${report.validators} validators, checksum ${report.checksum}; ${processor}`,
    );
    for (const name of ["consensus", "liquid", "step"] as const) {
      const { medianMs, worstMs } = report[name];
      const share = `${(100 * medianMs / CEILING_MS).toFixed(0)} % of ${CEILING_MS} ms`;
      console.log(name.padEnd(10), `${medianMs.toFixed(1)} ms, worst ${worstMs.toFixed(1)} ms, ${share}`);
    }
  }
}

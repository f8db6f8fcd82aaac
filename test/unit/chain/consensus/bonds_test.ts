/**
 * Bonds over several epochs: what the runtime's tests (pallets/subtensor/src/tests/epoch.rs at spec 293) expect of its
 * original Yuma, to the last bit, and of Yuma 3 within their own 0.001.
 */
import { strict as assert } from "node:assert";
import { SmallSubnet } from "./small_subnet.ts";
import { YUMA3_SCENARIOS } from "./yuma3_scenarios.ts";

const WHOLE = 65535;

interface Step {
  /** Validators say something new before the epoch. */
  readonly change?: (subnet: SmallSubnet) => void;
  /** To that server, of each validator. */
  readonly server: number;
  readonly bonds: readonly number[];
  readonly emission: readonly number[];
}

const onlyItself = (uid: number) => (subnet: SmallSubnet) => subnet.setWeights(uid, [[uid, WHOLE]]);
const STEPS: readonly Step[] = [
  {
    change: (subnet) =>
      [0, 1, 2, 3].forEach((uid) => subnet.setWeights(uid, [[4, 16383], [5, 32767], [6, 49149], [7, WHOLE]])),
    server: 4,
    bonds: [16383, 32767, 49151, 65535],
    emission: [49999998, 99999999, 150000000, 200000001, 49998779, 100000610, 149996337, 200004272],
  },
  {
    change: onlyItself(0),
    server: 4,
    bonds: [14582, 32767, 49151, 65535],
    emission: [44998351, 101110561, 151667215, 202223870, 49998779, 100000610, 149996337, 200004272],
  },
  {
    change: onlyItself(1),
    server: 4,
    bonds: [12603, 28321, 49151, 65535],
    emission: [40496805, 90999783, 157929636, 210573773, 49998779, 100000610, 149996337, 200004272],
  },
  {
    change: onlyItself(2),
    server: 7,
    bonds: [12602, 28320, 49150, 65535],
    emission: [99999999, 199999999, 299999999, 399999999, 0, 0, 0, 0],
  },
  {
    change: (subnet) => subnet.setWeights(2, [[7, WHOLE]]),
    server: 7,
    bonds: [10951, 24609, 49150, 65535],
    emission: [36443733, 81898628, 163565493, 218092144, 0, 0, 0, 500000000],
  },
  {
    server: 7,
    bonds: [9559, 21482, 49150, 65535],
    emission: [32799427, 73706612, 168638129, 224855830, 0, 0, 0, 500000000],
  },
  {
    server: 7,
    bonds: [8376, 18824, 49150, 65535],
    emission: [29518068, 66336137, 173203134, 230942659, 0, 0, 0, 500000000],
  },
];

Deno.test("bonds follow weights by a tenth an epoch (test_bonds)", () => {
  const subnet = new SmallSubnet([1, 2, 3, 4, 0, 0, 0, 0], { maxAllowedValidators: 8 });
  subnet.epoch();
  STEPS.forEach(({ change, server, bonds, emission }, i) => {
    if (i === 0) subnet.block++;
    change?.(subnet);
    if (i > 0) subnet.block++;
    const { emissionRao } = subnet.epoch();
    assert.deepEqual(emissionRao.map(Number), emission, `emission of epoch ${i}`);
    assert.deepEqual([0, 1, 2, 3].map((uid) => subnet.bond(uid, server)), bonds, `bonds of epoch ${i}`);
  });
});

for (const { name, isLiquid, stakes, epochs } of YUMA3_SCENARIOS) {
  Deno.test(`bonds and dividends of Yuma 3 are the runtime's (${name})`, () => {
    const subnet = yuma3Subnet(stakes, isLiquid);
    for (const [i, { weights, bonds, dividends, lost }] of epochs.entries()) {
      weights?.forEach((row, uid) => {
        subnet.setWeights(uid, row.map((value, k) => [3 + k, scaled(value, row)] as const));
      });
      if (lost !== undefined) {
        for (const neuron of subnet.neurons) neuron.bonds = neuron.bonds.filter(([uid]) => uid !== lost);
      }
      subnet.block++;
      const output = subnet.epoch();
      bonds?.forEach((row, uid) =>
        row.forEach((bond, k) => assertNear(subnet.bond(uid, 3 + k) / WHOLE, bond, `epoch ${i}, bond ${uid}`))
      );
      dividends?.forEach((dividend, uid) =>
        assertNear(output.dividends[uid] / WHOLE, dividend, `epoch ${i}, dividend of ${uid}`)
      );
    }
  });
}

function yuma3Subnet(stakes: readonly number[], isLiquid: boolean): SmallSubnet {
  const [low, high] = [(6553n << 32n) / 65535n, (19660n << 32n) / 65535n];
  const subnet = new SmallSubnet(stakes, {
    bondsPenalty: 0,
    bondsMovingAverage: 975_000n,
    maxAllowedValidators: 3,
    yuma3: true,
    liquidAlpha: isLiquid ? { low, high, steepness: 1000 } : undefined,
  });
  subnet.block++;
  subnet.epoch();
  return subnet;
}

/** The chain stores the largest as 65535. */
const scaled = (value: number, row: readonly number[]) => Math.round(value * WHOLE / Math.max(...row));

function assertNear(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= 1e-3, `${what}: ${actual}, ${expected} is expected`);
}

/** A subnet of a few neurons between epochs, as the runtime's own epoch tests set it up: uid is hotkey, rao are bare numbers. */
import { type EpochInput, type EpochOutput, runEpoch } from "../../../../src/chain/consensus/mod.ts";

type Pairs = readonly (readonly [number, number])[];
type Parameters = Partial<Omit<EpochInput, "block" | "neurons">>;

const EMISSION_RAO = 1_000_000_000n;

/** What the runtime's tests run with unless they say otherwise. */
const DEFAULTS = {
  tempo: 1,
  emissionRao: EMISSION_RAO,
  activityCutoff: 5000,
  maxAllowedValidators: 100,
  stakeThresholdRao: 0n,
  kappa: 32767,
  bondsPenalty: 65535,
  bondsMovingAverage: 900_000n,
  yuma3: false,
};

export class SmallSubnet {
  block = 0;
  readonly neurons: {
    stakeRao: bigint;
    lastUpdate: bigint;
    registeredAt: bigint;
    hasPermit: boolean;
    weights: Pairs;
    bonds: Pairs;
  }[];
  readonly #parameters: Parameters;

  constructor(stakes: readonly number[], parameters: Parameters = {}) {
    this.#parameters = parameters;
    this.neurons = stakes.map((stake) => this.#newcomer(stake));
  }

  /** As stored, thus scaled to 65535 already. */
  setWeights(uid: number, weights: Pairs): void {
    Object.assign(this.neurons[uid], { weights, lastUpdate: BigInt(this.block) });
  }

  /** Another takes the uid's place. */
  replace(uid: number, stake = 0): void {
    const { weights, bonds } = this.neurons[uid];
    this.neurons[uid] = { ...this.#newcomer(stake), weights, bonds };
  }

  epoch(): EpochOutput {
    const input = { ...DEFAULTS, ...this.#parameters, block: BigInt(this.block), neurons: this.neurons };
    const output = runEpoch(input);
    this.neurons.forEach((neuron, uid) => {
      neuron.hasPermit = output.validatorPermit[uid];
      neuron.bonds = output.bonds[uid] ?? neuron.bonds;
    });
    return output;
  }

  bond(validator: number, server: number): number {
    return new Map(this.neurons[validator].bonds).get(server) ?? 0;
  }

  #newcomer(stake: number) {
    const block = BigInt(this.block);
    return {
      stakeRao: BigInt(stake),
      lastUpdate: block,
      registeredAt: block,
      hasPermit: false,
      weights: [],
      bonds: [],
    };
  }
}

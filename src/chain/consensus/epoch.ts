/**
 * Yuma consensus, one epoch: from stake and weights to who earns what. Pure: the caller reads the chain and writes what
 * comes out. Arithmetic, order and rounding are those of the runtime at spec 293; later ones exempt the subnet's owner
 * from the stake threshold, grant it a permit, and mask weights committed before a neuron came: not here.
 */
import { averageBonds, averageLiquidBonds, fixedRate, type LiquidAlpha } from "./bonds.ts";
import { splitEmission } from "./emission.ts";
import {
  divide,
  type Fixed,
  fixed,
  maxUpscale,
  multiply,
  normalize,
  normalizeAmounts,
  ONE,
  proportion,
  toU16Proportion,
} from "./fixed_point.ts";
import { weightedMedians } from "./median.ts";
import * as sparse from "./sparse.ts";
import { topStaked } from "./permits.ts";

/** What one neuron brings, as stored. */
export interface EpochNeuron {
  /** Alpha and weighted TAO, in rao. */
  readonly stakeRao: bigint;
  readonly lastUpdate: bigint;
  readonly registeredAt: bigint;
  readonly hasPermit: boolean;
  /** [uid, u16] */
  readonly weights: readonly (readonly [number, number])[];
  readonly bonds: readonly (readonly [number, number])[];
}

export interface EpochInput {
  readonly block: bigint;
  readonly tempo: number;
  /** To hand out. */
  readonly emissionRao: bigint;
  readonly activityCutoff: number;
  readonly maxAllowedValidators: number;
  readonly stakeThresholdRao: bigint;
  /** Of 65535, as the next. */
  readonly kappa: number;
  readonly bondsPenalty: number;
  /** Of a million. */
  readonly bondsMovingAverage: bigint;
  readonly yuma3: boolean;
  /** Rates of 65535; only Yuma 3 has them. */
  readonly liquidAlpha?: LiquidAlpha;
  /** May weigh itself. */
  readonly ownerUid?: number;
  /** In the order of their uids. */
  readonly neurons: readonly EpochNeuron[];
}

/** All by uid. Shares are of 65535. */
export interface EpochOutput {
  readonly active: readonly boolean[];
  readonly validatorPermit: readonly boolean[];
  readonly stakeWeight: readonly number[];
  readonly rank: readonly number[];
  readonly trust: readonly number[];
  readonly consensus: readonly number[];
  readonly incentive: readonly number[];
  readonly dividends: readonly number[];
  readonly validatorTrust: readonly number[];
  readonly pruningScores: readonly number[];
  /** Undefined where they stay as they are: no permit, now and before. */
  readonly bonds: readonly ((readonly [number, number])[] | undefined)[];
  readonly serverEmissionRao: readonly bigint[];
  readonly validatorEmissionRao: readonly bigint[];
  /** Both in one, rounded by itself: what the chain tells, not what it pays. */
  readonly emissionRao: readonly bigint[];
}

/** @throws nothing: neurons and uids beyond their number are left out */
export function runEpoch(input: EpochInput): EpochOutput {
  const { neurons, block } = input;
  const count = neurons.length;
  const active = neurons.map(({ lastUpdate }) => lastUpdate + BigInt(input.activityCutoff) >= block);
  const stake = normalizeAmounts(
    neurons.map(({ stakeRao }) => stakeRao < input.stakeThresholdRao ? 0n : stakeRao),
  );
  const permits = topStaked(stake, input.maxAllowedValidators);
  const activeStake = normalize(stake.map((each, i) => active[i] && neurons[i].hasPermit ? each : 0n));

  const weights = countedWeights(input);
  const unclippedRanks = sparse.sumWeightedRows(weights, activeStake, count);
  const consensus = weightedMedians(activeStake, weights, count, proportion(input.kappa));
  const clipped = sparse.clipColumns(weights, consensus);
  const ranks = sparse.sumWeightedRows(clipped, activeStake, count);
  const trust = ranks.map((rank, i) => divide(rank, unclippedRanks[i]));
  const incentive = normalize(ranks);

  const forBonds = sparse.interpolate(weights, clipped, proportion(input.bondsPenalty), ONE);
  const { dividends, bonds } = input.yuma3
    ? yuma3(input, forBonds, consensus, incentive, activeStake)
    : yuma(input, forBonds, incentive, activeStake);
  const emission = splitEmission({
    incentive,
    dividends,
    stake,
    activeStake,
    emissionRao: input.emissionRao,
  });

  const shares = incentive.map(toU16Proportion);
  return {
    active,
    validatorPermit: permits,
    stakeWeight: stake.map(toU16Proportion),
    rank: shares,
    trust: trust.map(toU16Proportion),
    consensus: consensus.map(toU16Proportion),
    incentive: shares,
    dividends: dividends.map(toU16Proportion),
    validatorTrust: sparse.rowSums(clipped).map(toU16Proportion),
    pruningScores: maxUpscale(emission.shares),
    bonds: bonds.map((row, i) =>
      permits[i]
        ? row.map(([j, bond]) => [j, toU16Proportion(bond)] as const)
        : neurons[i].hasPermit
        ? []
        : undefined
    ),
    serverEmissionRao: emission.serverRao,
    validatorEmissionRao: emission.validatorRao,
    emissionRao: emission.combinedRao,
  };
}

/** Those of permitted validators, of others, and set since the other registered; each row comes to one. */
function countedWeights({ neurons, ownerUid }: EpochInput): sparse.Matrix {
  const stored = neurons.map(({ weights, hasPermit }) =>
    hasPermit ? cells(weights, neurons.length, fixed) : []
  );
  const counted = sparse.keepCells(stored, (i, j) => {
    if (i === j && i !== ownerUid) return false;
    return neurons[i].lastUpdate > neurons[j].registeredAt;
  });
  return sparse.normalizeRows(counted);
}

/** Bonds in who registered since the last epoch are another's. */
function heldBonds({ neurons, block, tempo }: EpochInput, toFixed: (bond: number) => Fixed): sparse.Matrix {
  const lastEpoch = block > BigInt(tempo) ? block - BigInt(tempo) : 0n;
  const stored = neurons.map(({ bonds }) => cells(bonds, neurons.length, toFixed));
  return sparse.keepCells(stored, (_, j) => neurons[j].registeredAt < lastEpoch);
}

interface Earned {
  readonly dividends: readonly Fixed[];
  readonly bonds: sparse.Matrix;
}

function yuma(
  input: EpochInput,
  weights: sparse.Matrix,
  incentive: readonly Fixed[],
  activeStake: readonly Fixed[],
): Earned {
  const count = input.neurons.length;
  const held = sparse.normalizeColumns(heldBonds(input, fixed), count);
  const bought = sparse.normalizeColumns(sparse.scaleRows(weights, activeStake), count);
  const average = averageBonds(bought, held, fixedRate(input.bondsMovingAverage));
  const bonds = sparse.normalizeColumns(average, count);
  const dividends = normalize(sparse.sumWeightedColumns(bonds, incentive));
  return { dividends, bonds: sparse.maxUpscaleColumns(bonds, count) };
}

function yuma3(
  input: EpochInput,
  weights: sparse.Matrix,
  consensus: readonly Fixed[],
  incentive: readonly Fixed[],
  activeStake: readonly Fixed[],
): Earned {
  const count = input.neurons.length;
  const held = heldBonds(input, proportion);
  const isLiquid = input.liquidAlpha !== undefined && consensus.some((each) => each !== 0n);
  const bonds = isLiquid
    ? averageLiquidBonds(weights, held, consensus, input.liquidAlpha!)
    : averageBonds(weights, held, fixedRate(input.bondsMovingAverage));
  const totals = sparse.sumWeightedColumns(sparse.normalizeColumns(bonds, count), incentive);
  const dividends = normalize(totals.map((total, i) => multiply(total, activeStake[i])));
  return { dividends, bonds };
}

function cells(
  pairs: readonly (readonly [number, number])[],
  count: number,
  toFixed: (value: number) => Fixed,
): sparse.Row {
  return pairs.filter(([j]) => j < count).map(([j, value]) => [j, toFixed(value)] as const);
}

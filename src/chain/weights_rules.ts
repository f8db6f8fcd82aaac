/** What a subnet demands of weights at a block, read in one request, and the checks that need no call to be sent. */
import { type ChainView, optionalItem, readItems, requireSubnet, subtensorItem } from "./chain_view.ts";
import { hasCall } from "./calls.ts";
import { chainError } from "./errors.ts";
import { type WeightRules, weightsWithin, type WeightValues } from "./weights.ts";

export interface SubnetRules extends WeightRules {
  readonly uid: number;
  readonly versionKey: bigint;
  readonly isCommitReveal: boolean;
  readonly tempo: number;
  /** Epochs between a commit and its reveal. */
  readonly revealPeriodEpochs: number;
  /** Or needs none. */
  readonly hasValidatorPermit: boolean;
  readonly lastUpdateBlock: number;
  readonly rateLimitBlocks: number;
  readonly commitRevealVersion: number;
}

/** @throws {SkeinError} `chain/subnet-missing`, `chain/not-registered` */
export async function readSubnetRules(view: ChainView, netuid: number, hotkey: string): Promise<SubnetRules> {
  await requireSubnet(view, netuid);
  const { api } = view;
  const of = (name: string) => optionalItem(api, name, netuid);
  const [
    uid,
    count,
    tempo,
    versionKey,
    minimum,
    limit,
    commitReveal,
    period,
    permits,
    updates,
    rate,
    owner,
    version,
  ] = await readItems(view, [
    subtensorItem(api, "uids", netuid, hotkey),
    subtensorItem(api, "subnetworkN", netuid),
    subtensorItem(api, "tempo", netuid),
    subtensorItem(api, "weightsVersionKey", netuid),
    of("minAllowedWeights"),
    isLimited(view) ? of("maxWeightsLimit") : undefined,
    of("commitRevealWeightsEnabled"),
    of("revealPeriodEpochs"),
    of("validatorPermit"),
    of("lastUpdate"),
    of("weightsSetRateLimit"),
    of("subnetOwnerHotkey"),
    optionalItem(api, "commitRevealWeightsVersion"),
  ]);
  if (uid === null) {
    throw chainError(
      "chain/not-registered",
      `set weights in subnet ${netuid}: ${hotkey} is not registered there, a registered hotkey is required, register it`,
      { netuid, hotkey },
    );
  }
  const own = uid.toNumber();
  return {
    uid: own,
    ownUid: own,
    neuronCount: Number(count),
    tempo: Number(tempo),
    versionKey: versionKey.toBigInt(),
    minAllowedWeights: Number(minimum ?? 0),
    maxWeightsLimit: Number(limit ?? 65535),
    isCommitReveal: commitReveal?.isTrue ?? false,
    revealPeriodEpochs: Number(period ?? 1),
    hasValidatorPermit: permits?.[own]?.isTrue || (ownersNeedNoPermit(view) && String(owner) === hotkey),
    lastUpdateBlock: Number(updates?.[own] ?? 0),
    rateLimitBlocks: Number(rate ?? 0),
    commitRevealVersion: Number(version ?? 4),
  };
}

const OWNERS_NEED_NO_PERMIT_SPEC = 394;

/** The hotkey of a subnet's owner may set weights in any case; nothing but the version tells which runtimes let it. */
const ownersNeedNoPermit = ({ api }: ChainView): boolean =>
  api.runtimeVersion.specVersion.toNumber() >= OWNERS_NEED_NO_PERMIT_SPEC;

/** Runtimes that have dropped the limit keep its entry, whose default is a limit that nobody can lift any more. */
const isLimited = ({ api }: ChainView): boolean => hasCall(api, "adminUtils", "sudoSetMaxWeightLimit");

/**
 * @returns the weights to send
 * @throws {SkeinError} `chain/bad-weights`, `chain/no-permit`, `chain/too-soon` (payload: `block` from which on it is allowed)
 */
export function planWeights(
  view: ChainView,
  netuid: number,
  scores: ReadonlyMap<number, number>,
  rules: SubnetRules,
): WeightValues {
  const weights = weightsWithin(scores, rules);
  const isSelf = weights.uids.length === 1 && weights.uids[0] === rules.uid;
  if (!rules.hasValidatorPermit && !isSelf) {
    throw chainError(
      "chain/no-permit",
      `set weights in subnet ${netuid}: uid ${rules.uid} has no validator permit, one is required, stake more on its ` +
        `hotkey and wait for the next epoch`,
      { netuid, uid: rules.uid },
    );
  }
  const allowedAt = rules.lastUpdateBlock + rules.rateLimitBlocks;
  if (rules.lastUpdateBlock > 0 && view.block.number + 1 < allowedAt) {
    throw chainError(
      "chain/too-soon",
      `set weights in subnet ${netuid}: block ${view.block.number}, set before at ${rules.lastUpdateBlock}, the subnet allows ` +
        `it once in ${rules.rateLimitBlocks} blocks, try again at block ${allowedAt}`,
      { block: allowedAt },
    );
  }
  return weights;
}

/**
 * The neurons as the runtime itself puts them together: from its metagraph, which has all but the validators' trust, with the stake
 * that consensus weighs; from the older list of neurons where there is none.
 */
import {
  callRuntime,
  type ChainView,
  optionalItem,
  readItems,
  requireSubnet,
  subnetMissing,
} from "./chain_view.ts";
import { axonAddress, type Neuron } from "./metagraph.ts";

type BareNeuron = Omit<Neuron, "commitment">;

/**
 * @returns undefined when the runtime has no such functions
 * @throws {SkeinError} `chain/subnet-missing`
 */
export async function metagraphOfRuntime(view: ChainView, netuid: number): Promise<BareNeuron[] | undefined> {
  const [graph, [validatorTrust]]: [any, any[]] = await Promise.all([
    callRuntime(view, "subnetInfoRuntimeApi", ["getMetagraph"], [netuid]),
    readItems(view, [optionalItem(view.api, "validatorTrust", netuid)]),
  ]);
  if (graph === undefined) return await neuronsOfRuntime(view, netuid);
  if (graph.isNone) throw subnetMissing(netuid);
  const found = graph.unwrap();
  return [...found.hotkeys].map((hotkey, uid): BareNeuron => {
    const number = (name: string) => Number(found[name]?.[uid] ?? 0);
    return {
      uid,
      hotkey: String(hotkey),
      coldkey: String(found.coldkeys[uid]),
      hasValidatorPermit: found.validatorPermit[uid]?.isTrue ?? false,
      lastUpdateBlock: number("lastUpdate"),
      axon: axonAddress(found.axons[uid] ?? null),
      stake: BigInt(found.totalStake[uid] ?? 0),
      emission: BigInt(found.emission[uid] ?? 0),
      isActive: found.active[uid]?.isTrue ?? false,
      consensus: number("consensus"),
      incentive: number("incentives"),
      dividends: number("dividends"),
      validatorTrust: Number(validatorTrust?.[uid] ?? 0),
      rank: number("rank"),
      trust: number("trust"),
    };
  });
}

async function neuronsOfRuntime(view: ChainView, netuid: number): Promise<BareNeuron[] | undefined> {
  const records: any = await callRuntime(
    view,
    "neuronInfoRuntimeApi",
    ["getNeuronsLite", "getNeurons"],
    [netuid],
  );
  if (records === undefined) return undefined;
  await requireSubnet(view, netuid);
  return [...records].map((neuron, uid): BareNeuron => ({
    uid,
    hotkey: String(neuron.hotkey),
    coldkey: String(neuron.coldkey),
    hasValidatorPermit: neuron.validatorPermit.isTrue,
    lastUpdateBlock: Number(neuron.lastUpdate),
    axon: axonAddress(neuron.axonInfo),
    stake: sum(neuron.stake),
    emission: BigInt(neuron.emission),
    isActive: neuron.active.isTrue,
    consensus: Number(neuron.consensus),
    incentive: Number(neuron.incentive),
    dividends: Number(neuron.dividends),
    validatorTrust: Number(neuron.validatorTrust ?? 0),
    rank: Number(neuron.rank ?? 0),
    trust: Number(neuron.trust ?? 0),
  }));
}

/** Of a list of (coldkey, amount). */
function sum(stakes: Iterable<[unknown, unknown]>): bigint {
  let total = 0n;
  for (const [, amount] of stakes) total += BigInt(String(amount));
  return total;
}

/** The neurons as the runtime itself puts them together, in two answers: their records, and the stake that consensus weighs. */
import { callRuntime, type ChainView, requireSubnet, subnetMissing } from "./chain_view.ts";
import { axonAddress, type Neuron } from "./metagraph.ts";

/**
 * @returns undefined when the runtime has no such functions
 * @throws {SkeinError} `chain/subnet-missing`
 */
export async function metagraphOfRuntime(
  view: ChainView,
  netuid: number,
): Promise<Omit<Neuron, "commitment">[] | undefined> {
  const [records, graph]: any[] = await Promise.all([
    callRuntime(view, "neuronInfoRuntimeApi", ["getNeuronsLite", "getNeurons"], [netuid]),
    callRuntime(view, "subnetInfoRuntimeApi", ["getMetagraph"], [netuid]),
  ]);
  if (records === undefined) return undefined;
  if (graph === undefined) await requireSubnet(view, netuid);
  else if (graph.isNone) throw subnetMissing(netuid);
  const weighed = graph?.unwrap().totalStake;
  return [...records].map((neuron, uid) => ({
    uid,
    hotkey: String(neuron.hotkey),
    coldkey: String(neuron.coldkey),
    hasValidatorPermit: neuron.validatorPermit.isTrue,
    lastUpdateBlock: Number(neuron.lastUpdate),
    axon: axonAddress(neuron.axonInfo),
    stake: weighed?.[uid] === undefined ? sum(neuron.stake) : BigInt(weighed[uid]),
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

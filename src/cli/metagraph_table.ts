/** The metagraph as a table, and whole as JSON. */
import type { Metagraph, Neuron } from "../chain/metagraph.ts";
import { formatTaoShort } from "./amount.ts";
import { answer, type ChainSession } from "./chain_session.ts";
import { alignColumns } from "./columns.ts";
import { shortAddress } from "./short_address.ts";

const HEADINGS = [
  ...["uid", "hotkey", "coldkey", "axon", "stake", "vtrust", "trust", "consensus", "incentive", "dividends"],
  ...["emission", "permit", "updated"],
];
const LEFT_COLUMNS = 4;

export async function printMetagraph(
  flags: { netuid: number; json: boolean },
  session: ChainSession,
): Promise<void> {
  const metagraph = await session.chain.metagraph(flags.netuid);
  answer(session, flags, recordOf(metagraph), renderMetagraph(metagraph));
}

/** Shares of 65535 as fractions of one; `updated` in blocks before the metagraph's. */
export function renderMetagraph({ netuid, block, neurons }: Metagraph): string {
  const title = `subnet ${netuid} at block ${block}, ${neurons.length} neuron${
    neurons.length === 1 ? "" : "s"
  }`;
  if (neurons.length === 0) return title;
  const rows = neurons.map((neuron) => [
    String(neuron.uid),
    shortAddress(neuron.hotkey),
    shortAddress(neuron.coldkey),
    axonText(neuron),
    formatTaoShort(neuron.stake),
    share(neuron.validatorTrust),
    share(neuron.trust),
    share(neuron.consensus),
    share(neuron.incentive),
    share(neuron.dividends),
    formatTaoShort(neuron.emission),
    neuron.hasValidatorPermit ? "yes" : "–",
    neuron.lastUpdateBlock === 0 ? "–" : `${block - neuron.lastUpdateBlock}`,
  ]);
  return `${title}\n${alignColumns(HEADINGS, rows, LEFT_COLUMNS)}`;
}

const share = (value: number) => (value / 65535).toFixed(4);

function axonText({ axon }: Neuron): string {
  if (axon === null) return "–";
  return axon.ip.includes(":") ? `[${axon.ip}]:${axon.port}` : `${axon.ip}:${axon.port}`;
}

function recordOf({ neurons, ...at }: Metagraph): Record<string, unknown> {
  return {
    ...at,
    neurons: neurons.map(({ stake, emission, ...neuron }) => ({
      ...neuron,
      stakeRao: stake,
      emissionRao: emission,
    })),
  };
}

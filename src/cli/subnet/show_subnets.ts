/** `skein subnet list`, `show`, `hyperparameters`. */
import { isSkeinError } from "../../base/errors.ts";
import type { Hyperparameters, Subnet } from "../../chain/subnets.ts";
import { formatTao } from "../amount.ts";
import { answer, type ChainSession } from "../chain_session.ts";
import { alignColumns } from "../columns.ts";
import { shortAddress } from "../short_address.ts";

export async function printSubnets(flags: { json: boolean }, session: ChainSession): Promise<void> {
  const { chain } = session;
  const subnets = await chain.subnets();
  // Runtimes that do not tell the price have subnets all the same.
  const costRao = await chain.subnetCost().catch((error) => {
    if (isSkeinError(error, "chain/unsupported-runtime")) return undefined;
    throw error;
  });
  const record = { block: chain.block(), creationCostRao: costRao, subnets: subnets.map(recordOf) };
  const price = costRao === undefined ? "" : `\na new one costs ${formatTao(costRao)} TAO`;
  answer(session, flags, record, renderSubnets(subnets) + price);
}

export async function printSubnet(
  flags: { netuid: number; json: boolean },
  session: ChainSession,
): Promise<void> {
  const subnet = await session.chain.subnet(flags.netuid);
  answer(session, flags, recordOf(subnet), renderSubnet(subnet));
}

export async function printHyperparameters(
  flags: { netuid: number; json: boolean },
  session: ChainSession,
): Promise<void> {
  const found = await session.chain.hyperparameters(flags.netuid);
  const record = { netuid: flags.netuid, hyperparameters: found };
  answer(session, flags, record, renderHyperparameters(found));
}

export function renderSubnets(subnets: readonly Subnet[]): string {
  const headings = ["netuid", "name", "owner", "neurons", "tempo", "register (TAO)", "weights", "started"];
  const rows = subnets.map((subnet) => [
    String(subnet.netuid),
    subnet.name === "" ? "–" : subnet.name,
    subnet.owner === "" ? "–" : shortAddress(subnet.owner),
    `${subnet.neuronCount}/${subnet.maxNeurons}`,
    String(subnet.tempo),
    subnet.isRegistrationOpen ? formatTao(subnet.registrationCost) : "closed",
    subnet.isCommitReveal ? "committed" : "plain",
    subnet.isStarted ? "yes" : "no",
  ]);
  return alignColumns(headings, rows, 3);
}

export function renderSubnet(subnet: Subnet): string {
  const lines: readonly (readonly [string, string])[] = [
    ["netuid", String(subnet.netuid)],
    ["name", subnet.name === "" ? "–" : subnet.name],
    ["owner", subnet.owner === "" ? "–" : subnet.owner],
    ["owner's hotkey", subnet.ownerHotkey === "" ? "–" : subnet.ownerHotkey],
    ["neurons", `${subnet.neuronCount} of ${subnet.maxNeurons}`],
    ["tempo", `${subnet.tempo} blocks`],
    ["registration", subnet.isRegistrationOpen ? `${formatTao(subnet.registrationCost)} TAO` : "closed"],
    ["weights", subnet.isCommitReveal ? "committed, revealed later" : "plain"],
    ["started", subnet.isStarted ? "yes" : "no"],
    ["founded", `block ${subnet.registeredAtBlock}`],
  ];
  return alignPairs(lines);
}

export function renderHyperparameters(found: Hyperparameters): string {
  return alignPairs([...found].map(([name, value]) => [name, String(value)] as const));
}

function alignPairs(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

function recordOf({ registrationCost, ...subnet }: Subnet): Record<string, unknown> {
  return { ...subnet, registrationCostRao: registrationCost };
}

/** `skein weights show`. */
import type { Weights } from "../../chain/metagraph.ts";
import { answer, type ChainSession } from "../chain_session.ts";
import { alignColumns } from "../columns.ts";

/** A wider matrix is told row by row. */
const MAX_COLUMNS = 16;

export async function printWeights(
  flags: { netuid: number; json: boolean },
  session: ChainSession,
): Promise<void> {
  const { netuid } = flags;
  const weights = await session.chain.weights(netuid);
  answer(session, flags, { netuid, block: session.chain.block(), weights }, renderWeights(netuid, weights));
}

/** A row a validator, a column a neuron that has a weight; each as a share of the row's sum. */
export function renderWeights(netuid: number, weights: Weights): string {
  if (weights.size === 0) return `nobody has set weights in subnet ${netuid}`;
  const uids = [...new Set([...weights.values()].flatMap((row) => [...row.keys()]))].sort((a, b) => a - b);
  const shares = [...weights].map(([validator, row]) => {
    const sum = [...row.values()].reduce((a, b) => a + b, 0);
    return {
      validator,
      of: (uid: number) => row.has(uid) ? (row.get(uid)! / Math.max(1, sum)).toFixed(4) : "–",
      row,
    };
  });
  if (uids.length > MAX_COLUMNS) {
    return shares.map(({ validator, of, row }) =>
      `${validator}: ${[...row.keys()].map((uid) => `${uid}=${of(uid)}`).join(" ")}`
    ).join("\n");
  }
  return alignColumns(
    ["validator", ...uids.map(String)],
    shares.map(({ validator, of }) => [String(validator), ...uids.map(of)]),
  );
}

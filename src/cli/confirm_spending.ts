/**
 * Before money goes: what it costs and what will be left is shown, and a person agrees. Without a terminal there is nobody to
 * ask, and only `--yes` lets it go on.
 */
import { chainError } from "../chain/errors.ts";
import { formatTao } from "./amount.ts";
import { type ChainSession, isLocalChain } from "./chain_session.ts";
import { cliError } from "./errors.ts";

export interface Spending {
  /** As it stands in a sentence: "register 5F… in subnet 2". */
  readonly what: string;
  readonly costRao: bigint;
  /** Who pays. */
  readonly ss58: string;
  /** The name of the payer's wallet. */
  readonly wallet: string;
}

export interface SpendingFlags {
  readonly yes: boolean;
  /** In rao. */
  readonly maxCost?: bigint;
}

/**
 * Nothing has been sent when it throws.
 * @returns the most that may be paid, in rao: `--max-cost`, else with a person's consent what was shown, else no limit
 * @throws {SkeinError} `chain/too-expensive`, `chain/balance-too-low`, `cli/no-terminal`, `cli/cancelled`
 */
export async function confirmSpending(
  session: ChainSession,
  { what, costRao, ss58, wallet }: Spending,
  { yes, maxCost }: SpendingFlags,
): Promise<{ limit?: bigint }> {
  const { chain, terminal } = session;
  if (maxCost !== undefined && costRao > maxCost) {
    throw chainError(
      "chain/too-expensive",
      `${what}: it costs ${formatTao(costRao)} TAO, at most ${
        formatTao(maxCost)
      } by --max-cost were allowed, allow more or ` +
        `wait for a lower price`,
      { cost: costRao.toString(), limit: maxCost.toString() },
    );
  }
  const freeRao = await chain.balance(ss58);
  if (freeRao < costRao) {
    const howTo = isLocalChain(session)
      ? `fund it with: skein wallet fund --chain ${
        chain.url.replaceAll(", ", ",")
      } --wallet ${wallet} --amount ${formatTao(costRao - freeRao + 1_000_000_000n)}`
      : `send it ${formatTao(costRao - freeRao)} or more`;
    throw chainError(
      "chain/balance-too-low",
      `${what}: ${ss58} has ${formatTao(freeRao)} TAO free, ${
        formatTao(costRao)
      } and a fee are required, ${howTo}`,
      { ss58, freeRao: freeRao.toString(), requiredRao: costRao.toString() },
    );
  }
  terminal.tell(
    `${what}: ${formatTao(costRao)} TAO from ${ss58}, which has ${formatTao(freeRao)}; ` +
      `${formatTao(freeRao - costRao)} will be left, less the fee, if there is one`,
  );
  if (yes) return { limit: maxCost };
  if (terminal.confirm === undefined) {
    throw cliError(
      "cli/no-terminal",
      `${what}: it costs ${
        formatTao(costRao)
      } TAO and there is no terminal to confirm at, nothing was sent, --yes is required`,
    );
  }
  if (!await terminal.confirm(`Pay ${formatTao(costRao)} TAO?`)) {
    throw cliError("cli/cancelled", `${what}: not confirmed, nothing was sent`);
  }
  return { limit: maxCost ?? costRao };
}

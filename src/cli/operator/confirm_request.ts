/** Before an operator's request is sent: what it is and what it costs, and a person's consent. */
import type { OperatorRequest } from "../../chain/operator/operator_client.ts";
import { formatTao } from "../amount.ts";
import { type AccountFlags, addressOf, loadKey } from "../chain_flags.ts";
import type { ChainSession } from "../chain_session.ts";
import { cliError } from "../errors.ts";

export interface RequestFlags extends AccountFlags {
  readonly yes: boolean;
  readonly json: boolean;
}

/** What was paid by estimate, for the answer. */
export interface Sent {
  readonly coldkey: string;
  /** By the runtime's estimate before; null where it makes none. */
  readonly feeRao: bigint | null;
  readonly amountRao: bigint;
}

/**
 * Shows, asks, signs with the wallet's coldkey and sends.
 * @throws {SkeinError} `cli/no-terminal`, `cli/cancelled`, those of `loadKey` and of calls
 */
export async function confirmAndSend(
  session: ChainSession,
  flags: RequestFlags,
  request: OperatorRequest,
): Promise<Sent> {
  const { chain, terminal } = session;
  const coldkey = await addressOf("coldkey", flags, terminal);
  const what = chain.operator.describe(request);
  const { feeRao, amountRao } = await chain.operator.cost(request, coldkey);
  const fee = feeRao === undefined
    ? "the runtime does not tell its fee"
    : `its fee is ${formatTao(feeRao)} TAO`;
  const price = amountRao === 0n ? fee : `it costs ${formatTao(amountRao)} TAO, and ${fee}`;
  terminal.tell(
    `${what}: ${price}, signed by ${coldkey}, which has ${formatTao(await chain.balance(coldkey))}`,
  );
  if (!flags.yes) {
    if (terminal.confirm === undefined) {
      throw cliError(
        "cli/no-terminal",
        `${what}: there is no terminal to confirm at, nothing was sent, --yes is required`,
      );
    }
    if (!await terminal.confirm("Send it?")) {
      throw cliError("cli/cancelled", `${what}: not confirmed, nothing was sent`);
    }
  }
  const key = await loadKey("coldkey", flags, terminal);
  await chain.operator.submit(request, key.pair);
  return { coldkey, feeRao: feeRao ?? null, amountRao };
}

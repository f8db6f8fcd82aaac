/** `skein wallet balance`, `transfer`, `fund`: a coldkey's TAO. */
import { devAccount } from "../../chain/wallet/wallet.ts";
import { formatTao } from "../amount.ts";
import { type AccountFlags, addressOf, loadKey } from "../chain_flags.ts";
import { answer, type ChainSession, isLocalChain } from "../chain_session.ts";
import { confirmSpending } from "../confirm_spending.ts";
import { cliError } from "../errors.ts";

/** Has a million TAO on each new local chain, by a key that everybody knows. */
const RICH_ACCOUNT = "//Alice";

type Flags = AccountFlags & { readonly json: boolean };

export async function printBalance(
  flags: Flags & { address?: string },
  session: ChainSession,
): Promise<void> {
  const ss58 = flags.address ?? await addressOf("coldkey", flags, session.terminal);
  const freeRao = await session.chain.balance(ss58);
  answer(session, flags, { ss58, freeRao }, `${ss58} has ${formatTao(freeRao)} TAO free`);
}

/** @throws {SkeinError} those of `confirmSpending`, `loadKey` and `ChainClient.transfer` */
export async function transfer(
  flags: Flags & { to: string; amount: bigint; yes: boolean },
  session: ChainSession,
): Promise<void> {
  const { chain, terminal } = session;
  const { to, amount, yes } = flags;
  await chain.balance(to); // an address that is none is told before anybody is asked
  const ss58 = await addressOf("coldkey", flags, terminal);
  const spending = { what: `transfer to ${to}`, costRao: amount, ss58, wallet: flags.wallet };
  await confirmSpending(session, spending, { yes });
  const coldkey = await loadKey("coldkey", flags, terminal);
  await chain.transfer(coldkey.pair, to, amount);
  const freeRao = await chain.balance(ss58);
  answer(
    session,
    flags,
    { from: ss58, to, amountRao: amount, freeRao },
    `sent ${formatTao(amount)} TAO to ${to}; ${formatTao(freeRao)} are left`,
  );
}

/** @throws {SkeinError} `cli/bad-flags` where money is real */
export async function fund(
  flags: Flags & { address?: string; amount: bigint },
  session: ChainSession,
): Promise<void> {
  const { chain, terminal } = session;
  if (!isLocalChain(session)) {
    throw cliError(
      "cli/bad-flags",
      `fund from ${RICH_ACCOUNT}: the chain at ${chain.url} is not on this machine, a local chain is required, ` +
        `where TAO is worth something it must be sent by somebody who has it`,
    );
  }
  const ss58 = flags.address ?? await addressOf("coldkey", flags, terminal);
  await chain.transfer(devAccount(RICH_ACCOUNT), ss58, flags.amount);
  const freeRao = await chain.balance(ss58);
  answer(
    session,
    flags,
    { ss58, amountRao: flags.amount, freeRao },
    `gave ${ss58} ${formatTao(flags.amount)} TAO of the local chain; it has ${formatTao(freeRao)}`,
  );
}

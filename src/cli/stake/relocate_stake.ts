/** `skein stake move`, `transfer`: to another hotkey, subnet or coldkey, without becoming free TAO on the way. */
import type { OperatorRequest, StakePlace } from "../../chain/operator/operator_client.ts";
import { formatTao } from "../amount.ts";
import { addressOf, hotkeyAddressOf } from "../chain_flags.ts";
import { answer, type ChainSession } from "../chain_session.ts";
import { cliError } from "../errors.ts";
import { confirmAndSend, type RequestFlags } from "../operator/confirm_request.ts";

export interface RelocateFlags extends RequestFlags {
  readonly netuid: number;
  readonly hotkeyAddress?: string;
  readonly toNetuid?: number;
  readonly amount?: bigint;
  readonly all: boolean;
}

/** @throws {SkeinError} `cli/bad-flags`, and those of `confirmAndSend` */
export async function moveStake(
  flags: RelocateFlags & { toHotkeyAddress?: string },
  session: ChainSession,
): Promise<void> {
  const from = { hotkey: await hotkeyAddressOf(flags, session.terminal), netuid: flags.netuid };
  const to = { hotkey: flags.toHotkeyAddress ?? from.hotkey, netuid: flags.toNetuid ?? from.netuid };
  if (to.hotkey === from.hotkey && to.netuid === from.netuid) {
    throw cliError(
      "cli/bad-flags",
      "move stake: to where it is, --to-hotkey-address or --to-netuid is required",
    );
  }
  const amount = await amountOf(flags, from, session);
  await relocate(flags, session, { kind: "move-stake", from, to, amount });
}

/** @throws {SkeinError} `cli/bad-flags`, and those of `confirmAndSend` */
export async function transferStake(
  flags: RelocateFlags & { to: string },
  session: ChainSession,
): Promise<void> {
  const from = { hotkey: await hotkeyAddressOf(flags, session.terminal), netuid: flags.netuid };
  const to = { coldkey: flags.to, netuid: flags.toNetuid ?? from.netuid };
  const amount = await amountOf(flags, from, session);
  await relocate(flags, session, { kind: "transfer-stake", from, to, amount });
}

async function relocate(
  flags: RelocateFlags,
  session: ChainSession,
  request: OperatorRequest & { kind: "move-stake" | "transfer-stake" },
): Promise<void> {
  const { from, to, amount } = request;
  const sent = await confirmAndSend(session, flags, request);
  const stakeRao = await heldOn(session, sent.coldkey, from);
  answer(
    session,
    flags,
    { from, to, movedRao: amount, stakeRao, ...sent },
    `moved ${formatTao(amount)} from ${from.hotkey} in subnet ${from.netuid}; ${
      formatTao(stakeRao)
    } are left there`,
  );
}

async function amountOf(flags: RelocateFlags, from: StakePlace, session: ChainSession): Promise<bigint> {
  if ((flags.amount === undefined) !== flags.all) {
    throw cliError("cli/bad-flags", "move stake: one of --amount and --all is required");
  }
  const coldkey = await addressOf("coldkey", flags, session.terminal);
  const held = await heldOn(session, coldkey, from);
  const amount = flags.amount ?? held;
  if (amount > 0n && amount <= held) return amount;
  throw cliError(
    "cli/bad-flags",
    `move stake from ${from.hotkey} in subnet ${from.netuid}: ${coldkey} has ${formatTao(held)} on it, ${
      amount === 0n ? "something" : formatTao(amount)
    } is required, see: skein stake list`,
  );
}

async function heldOn(
  { chain }: ChainSession,
  coldkey: string,
  { hotkey, netuid }: StakePlace,
): Promise<bigint> {
  const stakes = await chain.stakes(coldkey);
  return stakes.find((each) => each.netuid === netuid && each.hotkey === hotkey)?.amount ?? 0n;
}

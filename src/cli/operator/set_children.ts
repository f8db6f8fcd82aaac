/** `skein children show`, `set`, `take`. */
import type { Child, Family } from "../../chain/operator/operator_client.ts";
import { type AccountFlags, addressOf, hotkeyAddressOf } from "../chain_flags.ts";
import { answer, type ChainSession } from "../chain_session.ts";
import { cliError } from "../errors.ts";
import { confirmAndSend, type RequestFlags } from "./confirm_request.ts";
import { shareText, takeText } from "./percent.ts";

/** @throws {SkeinError} `chain/subnet-missing` */
export async function printFamily(
  flags: AccountFlags & { netuid: number; hotkeyAddress?: string; json: boolean },
  session: ChainSession,
): Promise<void> {
  const { netuid } = flags;
  const hotkey = await hotkeyAddressOf(flags, session.terminal);
  const family = await session.chain.operator.family(netuid, hotkey);
  answer(session, flags, { netuid, hotkey, ...family }, renderFamily(hotkey, netuid, family));
}

/** @throws {SkeinError} `cli/bad-flags`, and those of `confirmAndSend` */
export async function setChildren(
  flags: RequestFlags & { netuid: number; child?: readonly Child[]; none: boolean },
  session: ChainSession,
): Promise<void> {
  const { netuid } = flags;
  if ((flags.child === undefined) !== flags.none) {
    throw cliError("cli/bad-flags", "set children: they are required, by --child, or --none");
  }
  const children = flags.child ?? [];
  const hotkey = await addressOf("hotkey", flags, session.terminal);
  const sent = await confirmAndSend(session, flags, { kind: "set-children", netuid, hotkey, children });
  const { pending } = await session.chain.operator.family(netuid, hotkey);
  const when = pending === undefined ? "now" : `with the first epoch after block ${pending.block}`;
  answer(
    session,
    flags,
    { netuid, hotkey, children, block: pending?.block ?? null, ...sent },
    children.length === 0
      ? `${hotkey} has no children in subnet ${netuid}, ${when}`
      : `${hotkey} has these children in subnet ${netuid}, ${when}:\n${lines(children)}`,
  );
}

/** @throws {SkeinError} those of `confirmAndSend` */
export async function setChildTake(
  flags: RequestFlags & { netuid: number; take: number },
  session: ChainSession,
): Promise<void> {
  const { netuid, take } = flags;
  const hotkey = await addressOf("hotkey", flags, session.terminal);
  const { leastTake, mostTake } = await session.chain.operator.family(netuid, hotkey);
  if (take < leastTake || take > mostTake) {
    throw cliError(
      "cli/bad-flags",
      `set take as a child: ${takeText(take)}, ${takeText(leastTake)} to ${
        takeText(mostTake)
      } are required, name another`,
    );
  }
  const sent = await confirmAndSend(session, flags, { kind: "set-child-take", netuid, hotkey, take });
  answer(
    session,
    flags,
    { netuid, hotkey, take, ...sent },
    `${hotkey} keeps ${takeText(take)} of what its parents' stake earns in subnet ${netuid}`,
  );
}

export function renderFamily(hotkey: string, netuid: number, family: Family): string {
  const { children, parents, pending, take } = family;
  const about = [
    children.length === 0 ? "no children" : `children, with their shares of its stake:\n${lines(children)}`,
    parents.length === 0 ? "no parents" : `parents, with the shares that they lend it:\n${lines(parents)}`,
    `as a child it keeps ${takeText(take)}`,
  ];
  if (pending !== undefined) {
    const next = pending.children.length === 0 ? "  none" : lines(pending.children);
    about.splice(1, 0, `with the first epoch after block ${pending.block} its children are:\n${next}`);
  }
  return `${hotkey} in subnet ${netuid}\n${about.join("\n")}`;
}

const lines = (children: readonly Child[]) =>
  children.map(({ hotkey, share }) => `  ${hotkey}  ${shareText(share)}`).join("\n");

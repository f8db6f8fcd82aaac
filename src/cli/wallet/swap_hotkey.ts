/** `skein wallet swap-hotkey`: another of the wallet's hotkeys takes the place of one that is lost, or known to others. */
import { addressOf } from "../chain_flags.ts";
import { answer, type ChainSession } from "../chain_session.ts";
import { cliError } from "../errors.ts";
import { confirmAndSend, type RequestFlags } from "../operator/confirm_request.ts";

/** @throws {SkeinError} `cli/bad-flags`, and those of `confirmAndSend` */
export async function swapHotkey(
  flags: RequestFlags & { hotkeyAddress?: string; newHotkey: string; netuid?: number },
  session: ChainSession,
): Promise<void> {
  const { terminal } = session;
  const { netuid } = flags;
  const hotkey = flags.hotkeyAddress ?? await addressOf("hotkey", flags, terminal);
  const newHotkey = await addressOf("hotkey", { ...flags, hotkey: flags.newHotkey }, terminal);
  if (newHotkey === hotkey) {
    throw cliError("cli/bad-flags", `swap hotkey ${hotkey}: for itself, another is required by --new-hotkey`);
  }
  const sent = await confirmAndSend(session, flags, { kind: "swap-hotkey", hotkey, newHotkey, netuid });
  answer(
    session,
    flags,
    { hotkey, newHotkey, netuid: netuid ?? null, ...sent },
    `${newHotkey} has taken the place of ${hotkey} in ${
      netuid === undefined ? "all subnets" : `subnet ${netuid}`
    }`,
  );
}

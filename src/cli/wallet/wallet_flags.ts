/** Flags that the wallet commands share, and the key that they name. */
import { coldkeyPath, hotkeyPath, walletPathOf } from "../../chain/wallet/layout.ts";
import type { PasswordSource } from "../../chain/wallet/key_password.ts";
import type { Terminal } from "../terminal.ts";

export type KeyKind = "coldkey" | "hotkey";

export interface PlaceFlags {
  readonly wallet: string;
  readonly walletPath?: string;
}

/** Where the key is, in absolute terms. @throws {SkeinError} `chain/bad-wallet-name` */
export function keyPathOf(
  kind: KeyKind,
  flags: PlaceFlags & { hotkey?: string },
  { environment }: Terminal,
): string {
  const place = { walletPath: walletPathOf(flags.walletPath, environment), wallet: flags.wallet };
  return kind === "coldkey"
    ? coldkeyPath(place)
    : hotkeyPath({ ...place, hotkey: flags.hotkey ?? "default" });
}

/** The environment first, then the person. */
export const passwordsFrom = ({ environment, ask, tell, tellDuring }: Terminal): PasswordSource => ({
  environment,
  ask,
  notify: tell,
  tellDuring,
});
